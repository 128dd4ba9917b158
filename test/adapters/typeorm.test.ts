import { spawn } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { typeorm } from '../../src/adapters/typeorm.ts'
import type { Files, LoadOptions, Location } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { applyAll, describeTable, openOver, runAll, tempProject, type TempProject } from '../support/orm/project.ts'
import { typeormMigrate, typeormPending } from '../support/orm/typeorm.ts'
import { forEachVersion, freshDatabase, testVersions } from '../support/postgres.ts'

const cases = {
  'TypeScript, with a history table of its own': { root: 'test/cases/adapters/typeorm', table: 'My Migrations', ids: ['1795561356121-Init', '1795561362065-OrderChanges', '1795561367211-IndexOrders'] },
  'JavaScript': { root: 'test/cases/adapters/typeorm-js', table: 'migrations', ids: ['1795561329069-Init', '1795561334708-OrderChanges'] },
} as const
const longest = 120_000

async function load(files: Files, options: Partial<LoadOptions> = {}): Promise<{ location: Location; migrations: readonly Migration[] }> {
  const location = await typeorm.detect(files)
  if (location === undefined) throw new Error('no TypeORM folder found')
  return { location, migrations: await typeorm.load(files, location, { signal: new AbortController().signal, ...options }) }
}

function sqlOf(migration: Migration | undefined): readonly string[] {
  return migration?.body.kind === 'recorded' ? migration.body.statements.map((statement) => statement.sql.replace(/\s+/g, ' ').trim()) : []
}

/** Databases for migrations that ask one; dropped at the end of the test. */
function sandboxes(version: number): () => Promise<string> {
  return async () => {
    const database = await freshDatabase(version)
    onTestFinished(() => database.drop())
    return database.url
  }
}

/** A project whose one migration has this body of `up`; `typeorm` resolves to ours. */
async function oneMigration(up: string, head = ''): Promise<TempProject> {
  const project = await tempProject({
    'src/migrations/1700000000000-One.ts': `import { MigrationInterface, QueryRunner, Table, TableColumn } from "typeorm";
${head}
export class One1700000000000 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
${up}
    }
    public async down(queryRunner: QueryRunner): Promise<void> {}
}
`,
  })
  await symlink(resolve('node_modules'), join(project.root, 'node_modules'))
  return project
}

describe.each(Object.entries(cases))('%s', (_title, { root, table, ids }) => {
  test('reads names, order and SQL, with the line of each statement', { timeout: longest }, async () => {
    const { location, migrations } = await load(diskFiles(root))
    expect(location).toEqual({ source: 'typeorm', path: 'src/migrations', historyTable: table })
    expect(migrations.map((migration) => migration.id)).toEqual(ids)
    const [init] = migrations
    expect(sqlOf(init)[0]).toMatch(/^CREATE TABLE "customers"/)
    for (const migration of migrations) {
      const text = Buffer.from(migration.body.bytes).toString().split('\n')
      const statements = migration.body.kind === 'recorded' ? migration.body.statements : []
      for (const { line } of statements) expect(text[(line ?? 0) - 1]).toContain('queryRunner.query(')
    }
  })
})

test('a migration that says transaction = false is on its own, the others go by the DataSource', { timeout: longest }, async () => {
  const { migrations } = await load(diskFiles('test/cases/adapters/typeorm'))
  expect(migrations.map((migration) => migration.transaction)).toEqual(['file', 'file', 'none'])
  expect((await load(diskFiles('test/cases/adapters/typeorm-js'))).migrations.map((migration) => migration.transaction)).toEqual(['batch', 'batch'])
})

forEachVersion('TypeORM', (version) => {
  describe.each(Object.entries(cases))('%s', (_title, { root, table }) => {
    const run = { folder: join(root, 'src/migrations'), table, mode: 'each' } as const

    test('what it ran is seen as applied', { timeout: longest }, async () => {
      await using database = await freshDatabase(version)
      const { location, migrations } = await load(diskFiles(root))
      expect(await typeormMigrate(database.url, run)).toHaveLength(migrations.length)
      const open = await openOver(await database.client(), typeorm.history(location, 'public'), migrations)
      expect(migrations.map((migration) => open.stateOf(migration))).toEqual(migrations.map(() => 'applied'))
      expect([open.create, open.unknown]).toEqual([[], []])
    })

    test('it finds nothing pending after our SQL and our history, and all of it after an abort', { timeout: longest }, async () => {
      await using database = await freshDatabase(version)
      const client = await database.client()
      const { location, migrations } = await load(diskFiles(root))
      const history = typeorm.history(location, 'public')
      await applyAll(client, history, migrations)
      expect(await typeormPending(database.url, run)).toEqual([])
      const open = await openOver(client, history, migrations)
      for (const migration of migrations) await runAll(client, [...open.finish(migration), ...open.rollBack(migration)])
      expect(await typeormPending(database.url, run)).toEqual(migrations.map((migration) => migration.history['name']))
    })

    test('our table and our rows equal its own', { timeout: longest }, async () => {
      await using theirs = await freshDatabase(version)
      await using ours = await freshDatabase(version)
      const [their, our] = [await theirs.client(), await ours.client()]
      const { location, migrations } = await load(diskFiles(root))
      await typeormMigrate(theirs.url, run)
      await applyAll(our, typeorm.history(location, 'public'), migrations)
      expect(await describeTable(our, 'public', table)).toEqual(await describeTable(their, 'public', table))
      const rows = `SELECT * FROM "${table.replaceAll('"', '""')}" ORDER BY id`
      expect((await our.query(rows)).rows).toEqual((await their.query(rows)).rows)
    })
  })

  test('what asks the catalog is recorded on a database, and its answers become assumptions', { timeout: longest }, async () => {
    await using theirs = await freshDatabase(version)
    await using ours = await freshDatabase(version)
    const { location, migrations } = await load(diskFiles('test/cases/adapters/typeorm-schema-api'), { sandboxUrl: sandboxes(version) })
    const invoices = migrations[1]
    expect(sqlOf(invoices)).toEqual([
      expect.stringContaining('CREATE TABLE "invoices"'),
      'ALTER TABLE "orders" ADD "paid" boolean NOT NULL DEFAULT false',
      'CREATE INDEX "orders_paid_idx" ON "orders" ("paid")',
    ])
    const assumptions = invoices?.body.kind === 'recorded' ? invoices.body.assumptions : []
    expect(assumptions[0]).toMatchObject({ sql: expect.stringContaining('"information_schema"."tables"') as string, parameters: ['public', 'invoices'], rows: [] })
    expect(JSON.stringify(assumptions)).not.toMatch(/"test_\d+"/)

    await typeormMigrate(theirs.url, { folder: 'test/cases/adapters/typeorm-schema-api/src/migrations' })
    await applyAll(await ours.client(), typeorm.history(location, 'public'), migrations)
    for (const table of ['invoices', 'orders']) {
      expect(await describeTable(await ours.client(), 'public', table)).toEqual(await describeTable(await theirs.client(), 'public', table))
    }
  })

  test('a read of rows on the sandbox is refused with its line', { timeout: longest }, async () => {
    await using project = await oneMigration(`        await queryRunner.hasTable("a");
        const rows = await queryRunner.query("SELECT * FROM users");
        for (const row of rows) await queryRunner.query("DELETE FROM a WHERE id = " + row.id);`, '')
    const up = { 'src/migrations/1600000000000-Zero.ts': `export class Zero1600000000000 { async up(q) { await q.query("CREATE TABLE users (id int)") } async down() {} }` }
    await project.write(up)
    await expect(load(project.files, { sandboxUrl: sandboxes(version) })).rejects.toMatchObject({
      code: 'source-reads-data',
      message: expect.stringContaining('src/migrations/1700000000000-One.ts:6 looks at rows of the database: SELECT * FROM users') as string,
    })
  })
})

test('without a sandbox, what asks the database is named with its line', { timeout: longest }, async () => {
  await expect(load(diskFiles('test/cases/adapters/typeorm-schema-api'))).rejects.toMatchObject({
    code: 'source-needs-sandbox',
    message: 'src/migrations/1795561365121-Invoices.ts:6 asks the database: queryRunner.hasTable.',
  })
})

test.each([
  ['reads rows', 'const [user] = await queryRunner.query("SELECT * FROM users LIMIT 1"); await queryRunner.query(user.id);', 'source-reads-data', ':5 looks at rows of the database: SELECT * FROM users LIMIT 1'],
  ['counts what it changed', 'const [, n] = await queryRunner.query("UPDATE users SET a = 1"); if (n) await queryRunner.query("SELECT 1");', 'source-reads-data', ':5 looks at rows of the database: UPDATE users SET a = 1'],
  ['asks the catalog', 'const r = await queryRunner.query("SELECT 1 FROM pg_class"); if (r.length) return;', 'source-needs-sandbox', ':5 asks the database: SELECT 1 FROM pg_class'],
  ['hides what it asks', 'try { await queryRunner.hasColumn("a", "b") } catch {}', 'source-needs-sandbox', ':5 asks the database: queryRunner.hasColumn'],
  ['makes up a value', 'await queryRunner.query(`INSERT INTO a VALUES (${Math.random()})`);', 'source-nondeterministic', ':5 issued other SQL when it was run a second time'],
  ['throws', 'await queryRunner.query("SELECT 1");\n        throw new TypeError("no such thing");', 'source-unreadable', ':6 cannot be run: TypeError: no such thing'],
  ['ends the process', 'process.exit(3);', 'source-unreadable', 'ended the process that ran it (status 3)'],
  ['does not parse', 'await await (', 'source-unreadable', 'src/migrations/1700000000000-One.ts'],
])('a migration that %s is refused', { timeout: longest }, async (_title, up, code, message) => {
  await using project = await oneMigration(`        ${up}`)
  await expect(load(project.files)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
})

test('a read whose answer nobody looks at is a statement', { timeout: longest }, async () => {
  await using project = await oneMigration(`        await queryRunner.query("SELECT setval('a', $1)", [7]);
        await queryRunner.commitTransaction();
        await queryRunner.manager.query("VACUUM a");
        await queryRunner.startTransaction();`)
  const { migrations } = await load(project.files)
  expect(sqlOf(migrations[0])).toEqual(["SELECT setval('a', $1)", 'COMMIT', 'VACUUM a', 'START TRANSACTION'])
  expect(migrations[0]?.body).toMatchObject({ statements: [{ parameters: [7], line: 5 }, { line: 6 }, { line: 7 }, { line: 8 }] })
})

test.each([
  ['a class without up', { 'src/migrations/1700000000000-One.ts': 'export class One1700000000000 { async down() {} }' }, 'src/migrations/1700000000000-One.ts cannot be run: exports no class with a method up'],
  ['a class without a time', { 'src/migrations/1700000000000-One.ts': 'export class One { async up() {} }' }, '1700000000000-One.ts names its class One, without the 13 digits'],
  ['two of one name', { 'src/migrations/1700000000000-A.ts': 'export class A1700000000000 { async up() {} }', 'src/migrations/1700000000000-B.ts': 'export class A1700000000000 { async up() {} }' }, 'names its class A1700000000000, as src/migrations/1700000000000-A.ts does'],
])('says what is wrong with %s', { timeout: longest }, async (_title, contents, message) => {
  await using project = await tempProject(contents as unknown as { [path: string]: string })
  await expect(load(project.files)).rejects.toMatchObject({ code: 'source-unreadable', message: expect.stringContaining(message) as string })
})

test('the child sees no secret of ours', { timeout: longest }, async () => {
  process.env['LOCKKEEPER_TEST_SECRET'] = 'do not tell'
  onTestFinished(() => void delete process.env['LOCKKEEPER_TEST_SECRET'])
  await using project = await oneMigration('        await queryRunner.query(Object.keys(process.env).sort().join());')
  const { migrations } = await load(project.files)
  expect(sqlOf(migrations[0])[0]).toContain('PATH')
  expect(sqlOf(migrations[0])[0]).not.toContain('SECRET')
})

test('an abort ends the child and what it started', { timeout: longest }, async () => {
  const marker = `lockkeeper_${process.pid}_${testVersions.length}`
  await using project = await oneMigration(`        require("child_process").spawn(process.execPath, ["-e", "setInterval(() => 0, 1000)", "${marker}"]);
        require("fs").writeFileSync("started", "");
        await new Promise(() => setInterval(() => 0, 1000));`)
  const abort = new AbortController()
  const loading = load(project.files, { signal: abort.signal })
  const outcome = expect(loading).rejects.toMatchObject({ code: 'interrupted' })
  await expect.poll(() => project.files.exists('started'), { timeout: 60_000 }).toBe('file')
  expect(await processesWith(marker)).toBeGreaterThan(0)
  abort.abort()
  await outcome
  await expect.poll(() => processesWith(marker), { timeout: 10_000 }).toBe(0)
})

async function processesWith(word: string): Promise<number> {
  const list = spawn('ps', ['-eo', 'args'])
  let text = ''
  for await (const chunk of list.stdout) text += String(chunk)
  return text.split('\n').filter((line) => line.includes(word)).length
}

test('settings of the DataSource that only running it could tell are refused', async () => {
  await using project = await tempProject({
    'src/data-source.ts': 'export const source = new DataSource({\n  type: "postgres",\n  migrationsTableName: process.env.TABLE,\n})',
    'src/migrations/1700000000000-One.ts': 'export class One1700000000000 { async up() {} }',
  })
  await expect(typeorm.detect(project.files)).rejects.toMatchObject({ code: 'source-unreadable', message: 'src/data-source.ts:3 computes migrationsTableName, and Lockkeeper does not run it.' })
})

test('finds the folder that the DataSource names, and its schema', async () => {
  await using project = await tempProject({
    'src/db/data-source.ts': "export const s = new DataSource({ type: 'postgres', schema: 'My \"App\"', migrations: [__dirname + '/../steps/*{.ts,.js}'] })",
    'src/steps/1700000000000-One.ts': 'export class One1700000000000 { async up() {} }',
  })
  expect(await typeorm.detect(project.files)).toEqual({ source: 'typeorm', path: 'src/steps', historySchema: 'My "App"', historyTable: 'migrations' })
})
