import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { cliHere, flat, project, startCli, type Project } from '../support/cli.ts'
import { typeormMigrate, typeormPending } from '../support/orm/typeorm.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

/** Each load starts four children that compile what they run. */
const longest = 300_000

const init = `import { MigrationInterface, QueryRunner } from "typeorm";
export class Init1600000000000 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
    await q.query("CREATE TABLE users (id bigint PRIMARY KEY, name text, slug text)");
  }
  async down(): Promise<void> {}
}
`

const migration = (up: string) => `import { MigrationInterface, QueryRunner } from "typeorm";
export class Slugs1700000000000 implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
${up}
  }
  async down(): Promise<void> {}
}
`

/** Reads, decides, and writes, by all the ways that a QueryRunner has. */
const slugs = migration(`
    const users = await q.query("SELECT id, name FROM users ORDER BY id");
    for (const { id, name } of users) {
      const [, changed] = await q.query("UPDATE users SET slug = $1 WHERE id = $2", [\`\${typeof id}-\${name.toLowerCase()}\`, id]);
      if (changed !== 1) throw new Error("changed " + changed);
    }
    await q.startTransaction();
    await q.query("UPDATE users SET name = 'lost' WHERE id = 1");
    await q.rollbackTransaction();
    const known = await q.query("SELECT count(*) AS n FROM users WHERE id = ANY($1)", [users.map((user) => user.id)]);
    await q.query("SET lock_timeout = 0");
    if (await q.hasTable("notes") === false) await q.query("CREATE TABLE notes (n int)");
    await Promise.all([q.query("INSERT INTO notes VALUES ($1)", [known[0].n]), q.query("INSERT INTO notes VALUES (7)")]);`)

const rows = "INSERT INTO users (id, name) VALUES (1, 'Ann'), (9007199254740993, 'Bob')"

async function typeormProject(second: string): Promise<Project> {
  const made = await project({ 'src/migrations/1600000000000-Init.ts': init })
  await symlink(resolve('node_modules'), join(made.folder, 'node_modules'))
  await made.write({ 'src/migrations/1700000000000-Slugs.ts': second })
  return made
}

const apply = (database: TestDatabase, here: Project, ...more: readonly string[]) =>
  cliHere(['apply', '--yes', '--database-url', database.url, ...more], { cwd: here.folder })

/** Init is in place, as TypeORM would have left it, and has rows; Slugs is pending. */
function withRows(version: number): Promise<TestDatabase> {
  const table = 'CREATE TABLE users (id bigint PRIMARY KEY, name text, slug text)'
  const history = `CREATE TABLE migrations (id serial PRIMARY KEY, "timestamp" bigint NOT NULL, name character varying NOT NULL);
    INSERT INTO migrations ("timestamp", name) VALUES (1600000000000, 'Init1600000000000')`
  return freshDatabase(version, { setup: `${table}; ${history}; ${rows}` })
}

async function usersOf(database: TestDatabase): Promise<readonly unknown[]> {
  return (await (await database.client()).query('SELECT id::text, name, slug FROM users ORDER BY users.id')).rows
}

/** TypeORM itself: the first migration, the rows, and then the second. */
async function rowsByTheirs(database: TestDatabase, here: Project): Promise<void> {
  await using first = await project({ '1600000000000-Init.ts': init })
  await typeormMigrate(database.url, { folder: first.folder })
  await (await database.client()).query(rows)
  await typeormMigrate(database.url, { folder: join(here.folder, 'src/migrations') })
}

const untouched = [
  { id: '1', name: 'Ann', slug: null },
  { id: '9007199254740993', name: 'Bob', slug: null },
]

forEachVersion('a migration that reads rows', (version) => {
  it("runs as one step, and leaves what TypeORM's own run leaves", { timeout: longest }, async () => {
    await using here = await typeormProject(slugs)
    await using theirs = await freshDatabase(version)
    await using ours = await withRows(version)
    const plan = await cliHere(['plan', '--database-url', ours.url], { cwd: here.folder })
    expect(flat(plan.stdout)).toContain('run the code of src/migrations/1700000000000-Slugs.ts, which reads rows')
    const check = await cliHere(['check', '--json'], { cwd: here.folder })
    expect(check.stdout).toContain('src/migrations/1700000000000-Slugs.ts:5 looks at rows (SELECT id, name FROM users ORDER BY id)')

    const applied = await apply(ours, here, '--json')
    expect(applied.status, applied.stderr + applied.stdout).toBe(0)
    expect(JSON.parse(applied.stdout)).toMatchObject({
      migrations: [{ id: '1700000000000-Slugs', state: 'complete', steps: [{ kind: 'code', state: 'done' }] }],
    })
    await rowsByTheirs(theirs, here)
    expect(await usersOf(ours)).toEqual(await usersOf(theirs))
    expect(await usersOf(ours)).toEqual([
      { id: '1', name: 'Ann', slug: 'string-ann' },
      { id: '9007199254740993', name: 'Bob', slug: 'string-bob' },
    ])
    expect((await (await ours.client()).query('SELECT n FROM notes ORDER BY n')).rows).toEqual([{ n: 2 }, { n: 7 }])
    expect(await typeormPending(ours.url, { folder: join(here.folder, 'src/migrations') })).toEqual([])
  })
})

// What stops it is decided by us, whatever the server's version.
describe('a migration that reads rows', () => {
  it.each([
    [
      'issues a hazardous statement where there are rows',
      `const [user] = await q.query("SELECT * FROM users WHERE name = 'Ann'");
       if (user) { await q.query("UPDATE users SET slug = 'x' WHERE id = 1"); await q.query("CREATE INDEX i ON users (slug)"); }`,
      3,
      'was rolled back at a statement of its code: blocking-index-build',
    ],
    [
      'locks a table in use, be it quickly',
      `const [user] = await q.query("SELECT * FROM users WHERE name = 'Ann'");
       if (user) { await q.query("UPDATE users SET slug = 'x' WHERE id = 1"); await q.query("ALTER TABLE users ADD COLUMN age int"); }`,
      3,
      "ALTER TABLE users ADD COLUMN age int would keep public.users locked until the migration's code ends",
    ],
    [
      'commits in the middle',
      `const [user] = await q.query("SELECT * FROM users"); 
       if (user) { await q.query("UPDATE users SET slug = 'x' WHERE id = 1"); await q.commitTransaction(); }`,
      3,
      'its own COMMIT would end that in the middle',
    ],
    [
      'throws',
      `const [user] = await q.query("SELECT * FROM users");
       if (user) { await q.query("UPDATE users SET slug = 'x' WHERE id = 1"); throw new RangeError("no such slug"); }`,
      1,
      'src/migrations/1700000000000-Slugs.ts:5 failed, and what it had done was rolled back: RangeError: no such slug',
    ],
    [
      'hides an error of the server',
      `const [user] = await q.query("SELECT * FROM users");
       if (user) { await q.query("UPDATE users SET slug = 'x' WHERE id = 1"); try { await q.query("SELECT 1/0") } catch {} }`,
      1,
      'division by zero',
    ],
  ])('that %s leaves nothing', { timeout: longest }, async (...[, up, status, message]) => {
    await using here = await typeormProject(migration(up))
    await using database = await withRows(18)
    const outcome = await apply(database, here)
    expect(flat(outcome.stderr)).toContain(message)
    expect(outcome.status).toBe(status)
    expect(await usersOf(database)).toEqual(untouched)
    expect((await (await database.client()).query('SELECT FROM migrations')).rowCount).toBe(1)
  })

  it(
    'steps back from a row that the application holds, survives kill -9 there, and is done once in the end',
    { timeout: longest },
    async () => {
      await using here = await typeormProject(slugs)
      await using database = await withRows(18)
      const holder = await database.client()
      await holder.query("BEGIN; UPDATE users SET name = 'Bert' WHERE id > 1")
      const args = ['apply', '--yes', '--database-url', database.url, '--lock-timeout', '50ms', '--events', 'events.ndjson']
      const first = startCli(args, { cwd: here.folder })
      await first.said('a row or table is locked')
      first.kill('SIGKILL')
      await first.done
      const second = startCli(args, { cwd: here.folder })
      await second.said('a row or table is locked')
      await holder.query('COMMIT')
      const outcome = await second.done
      expect(outcome.status, outcome.stderr).toBe(0)
      expect(await usersOf(database)).toMatchObject([{ slug: 'string-ann' }, { slug: 'string-bert' }])
      expect((await holder.query('SELECT count(*)::int AS n FROM notes')).rows).toEqual([{ n: 2 }])
    },
  )
})
