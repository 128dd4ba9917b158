import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import type { CliOptions, Outcome } from '../support/cli.ts'
import { cli, cliHere, flat, project, startCli } from '../support/cli.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

/** As a process of its own on the newest server; in this process, which is faster, on the others. */
async function lockkeeper(version: number, args: readonly string[], options: CliOptions): Promise<Outcome> {
  return await (version === 18 ? cli(args, options) : cliHere(args, options))
}

function expectError(outcome: Outcome, [code, status = 1]: readonly [string, number?], message: RegExp): void {
  expect(flat(outcome.stderr)).toMatch(message)
  expect(outcome.stderr).toContain(`(${code})`)
  expect(outcome.stderr).toContain('What to do:')
  expect(outcome.status).toBe(status)
}

/** Everything that a user could miss or find: tables with columns, schemas, indexes. */
async function dump(database: TestDatabase): Promise<unknown> {
  const client = await database.client()
  const { rows } = await client.query(`
    select n.nspname, c.relname, c.relkind, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull
    from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1, 2, a.attnum`)
  return rows
}

async function expectUnchanged(database: TestDatabase, act: () => Promise<void>): Promise<void> {
  const before = await dump(database)
  await act()
  expect(await dump(database)).toEqual(before)
}

const setup = 'create table orders (id int primary key, note text)'
const good = { 'm/001_a.sql': 'alter table orders add column a int;' }

forEachVersion('bad input', (version) => {
  it('broken SQL is refused with file, line and column before anything is run', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ ...good, 'm/002_b.sql': 'select 1;\n\nalter tabel orders add column b int;' })
    await expectUnchanged(database, async () => {
      const outcome = await lockkeeper(version, ['apply', 'm', '--database-url', database.url], { cwd: here.folder })
      expectError(outcome, ['syntax'], /m\/002_b\.sql.*line 3/)
    })
  })

  it('a NUL byte and a psql command are refused', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ 'nul/1.sql': 'select 1\u0000; drop table orders', 'psql/1.sql': 'select 1;\n\\connect other\n' })
    await expectUnchanged(database, async () => {
      expectError(await cliHere(['apply', 'nul', '--database-url', database.url], { cwd: here.folder }), ['nul-byte'], /NUL byte/)
      expectError(await cliHere(['apply', 'psql', '--database-url', database.url], { cwd: here.folder }), ['meta-command'], /line 2/)
    })
  })

  it('a missing folder, and one without migrations, are errors that name it', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ 'empty/readme.txt': '' })
    await expectUnchanged(database, async () => {
      expectError(
        await lockkeeper(version, ['apply', 'no/such', '--database-url', database.url], { cwd: here.folder }),
        ['source-missing'],
        /no\/such does not exist/,
      )
      expectError(
        await cliHere(['apply', 'empty', '--database-url', database.url], { cwd: here.folder }),
        ['source-missing'],
        /empty holds no migrations/,
      )
    })
  })

  it('a role that does not own the table is refused before step 1', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    await client.query(`create role lk_guest_${version}_${database.name} login`)
    await client.query(`grant create on database ${database.name} to lk_guest_${version}_${database.name}`)
    const url = new URL(database.url)
    url.username = `lk_guest_${version}_${database.name}`
    await using here = await project(good)
    await expectUnchanged(database, async () => {
      const outcome = await lockkeeper(version, ['apply', 'm', '--database-url', url.toString()], { cwd: here.folder })
      expectError(outcome, ['no-rights'], /does not own public\.orders/)
    })
  })

  it('a role that may not create our schema is told what a DBA has to run', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const role = `lk_owner_${version}_${database.name}`
    await client.query(`create role ${role} login`)
    await client.query(`alter table orders owner to ${role}`)
    const url = new URL(database.url)
    url.username = role
    await using here = await project(good)
    await expectUnchanged(database, async () => {
      const outcome = await lockkeeper(version, ['apply', 'm', '--database-url', url.toString()], { cwd: here.folder })
      expectError(outcome, ['no-rights'], /create schema lockkeeper authorization/)
    })
  })

  it('a database whose transactions are read-only is refused', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    await client.query(`alter database ${database.name} set default_transaction_read_only = on`)
    await using here = await project(good)
    await expectUnchanged(database, async () => {
      const outcome = await lockkeeper(version, ['apply', 'm', '--database-url', database.url], { cwd: here.folder })
      expectError(outcome, ['read-only-server'], /read-only/)
    })
  })

  it('a file that changed after it was applied stops apply and plan, until it is allowed by name', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({
      'prisma/migrations/1_a/migration.sql': 'alter table orders add column a int;',
      'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
    })
    const options = { cwd: here.folder }
    expect((await cliHere(['apply', '--database-url', database.url], options)).status).toBe(0)
    await here.write({
      'prisma/migrations/1_a/migration.sql': 'alter table orders add column a bigint;',
      'prisma/migrations/2_b/migration.sql': 'alter table orders add column b int;',
    })
    await expectUnchanged(database, async () => {
      expectError(
        await lockkeeper(version, ['apply', '--database-url', database.url], options),
        ['file-changed'],
        /1_a\/migration\.sql was changed after it was applied/,
      )
      expectError(await cliHere(['plan', '--database-url', database.url], options), ['file-changed'], /1_a/)
    })
    expect((await cliHere(['apply', '--database-url', database.url, '--allow', 'file-changed:1_a'], options)).status).toBe(0)
  })

  it('a late file that sorts before an applied one is refused, not silently skipped', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ 'm/002_b.sql': 'alter table orders add column b int;' })
    const options = { cwd: here.folder }
    expect((await cliHere(['apply', 'm', '--database-url', database.url], options)).status).toBe(0)
    await here.write({ 'm/001_late.sql': 'alter table orders add column late int;' })
    await expectUnchanged(database, async () => {
      expectError(
        await lockkeeper(version, ['apply', 'm', '--database-url', database.url], options),
        ['out-of-order', 3],
        /001_late sorts before/,
      )
    })
    expect((await cliHere(['status', 'm', '--json', '--database-url', database.url], options)).stdout).toContain('"skipped"')
  })

  it('a statement that the server refuses leaves a named state, and says so', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({
      'm/001_a.sql': 'alter table orders add column a int;',
      'm/002_b.sql': 'create index orders_note_idx on orders (note);\nselect 1/0;',
    })
    const outcome = await lockkeeper(version, ['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    expectError(outcome, ['step-failed', 5], /002_b.*division by zero/)
    const status = await cliHere(['status', 'm', '--json', '--database-url', database.url], { cwd: here.folder })
    expect(JSON.parse(status.stdout).migrations.map((m: { state: string }) => m.state)).toEqual(['complete', 'failed'])
    const uninstall = await cliHere(['uninstall', '--database-url', database.url], { cwd: here.folder })
    expectError(uninstall, ['in-flight'], /002_b/)
    expect((await cliHere(['abort', '--database-url', database.url], { cwd: here.folder })).status).toBe(0)
    expect((await cliHere(['uninstall', '--database-url', database.url], { cwd: here.folder })).status).toBe(0)
  })

  it('a name that --to does not find is an error', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(good)
    await expectUnchanged(database, async () => {
      expectError(
        await cliHere(['apply', 'm', '--to', '9', '--database-url', database.url], { cwd: here.folder }),
        ['migration-unknown'],
        /"9"/,
      )
    })
  })

  it('names with quotes, spaces, capitals, Unicode and 63 bytes go through apply and status', async () => {
    await using database = await freshDatabase(version)
    const long = 'ü'.repeat(31)
    const table = `"My ""Order""; drop table x --"`
    await using here = await project({
      'prisma/migrations/1_a "b" ; ü/migration.sql': `CREATE TABLE ${table} ("Id" SERIAL PRIMARY KEY);\nCREATE TABLE "${long}" ("${long}" INT);`,
      "prisma/migrations/2_o'clock/migration.sql": `ALTER TABLE ${table} ADD COLUMN "Ünïcode ""x""" INT;\nCREATE INDEX "${long}i" ON "${long}"("${long}");\nALTER TABLE ${table} ADD CONSTRAINT "c'k" CHECK ("Id" > 0);`,
      'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
    })
    const options = { cwd: here.folder }
    expect((await cliHere(['apply', '--to', '1_a "b" ; ü', '--database-url', database.url], options)).status).toBe(0)
    const outcome = await lockkeeper(version, ['apply', '--database-url', database.url], options)
    expect(outcome.stderr + outcome.stdout).toContain(`2_o'clock`)
    expect(outcome.status).toBe(0)
    const status = JSON.parse((await cliHere(['status', '--json', '--database-url', database.url], options)).stdout)
    expect(status).toMatchObject({
      migrations: [
        { state: 'complete', ormRecorded: true },
        { state: 'complete', ormRecorded: true },
      ],
      leftovers: [],
      invalidIndexes: [],
      unvalidated: [],
    })
  })
})

describe('two runners at once', () => {
  it('only one works: the other ends with run-locked, and everything is applied once', async () => {
    await using database = await freshDatabase(18, { setup })
    await using here = await project(good)
    const client = await database.client()
    await client.query('begin')
    await client.query('select * from orders')
    const first = startCli(['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    await first.said('touching nothing')
    const second = await cli(['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    expectError(second, ['run-locked'], /another lockkeeper works on this database: pid \d+/)
    await client.query('rollback')
    expect((await first.done).status).toBe(0)
    const third = await cliHere(['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    expect(third.stdout).toContain('Nothing is pending')
  })
})

describe('a signal', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while waiting for a lock ends with %d, nothing changed, and apply goes on later', async (signal, status) => {
    await using database = await freshDatabase(18, { setup })
    await using here = await project(good)
    const client = await database.client()
    await client.query('begin')
    await client.query('select * from orders')
    const running = startCli(['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    await running.said('touching nothing')
    running.kill(signal)
    const outcome = await running.done
    expect(outcome.status).toBe(status)
    expect(outcome.stderr).toContain('(interrupted)')
    await client.query('rollback')
    const again = await cliHere(['apply', 'm', '--database-url', database.url], { cwd: here.folder })
    expect(again.status).toBe(0)
  })
})

describe('a lock that cannot be had', () => {
  it('ends with status 4 and a table of who is in the way', async () => {
    await using database = await freshDatabase(18, { setup })
    await using here = await project(good)
    const client = await database.client()
    await client.query(`set application_name = 'nightly report'`)
    await client.query('begin')
    await client.query('select * from orders')
    const outcome = await cli(['apply', 'm', '--max-lock-wait', '500ms', '--events', 'events.jsonl', '--database-url', database.url], {
      cwd: here.folder,
    })
    expect(flat(outcome.stderr)).toContain('nightly report')
    expect(flat(outcome.stderr)).toContain('idle in transaction')
    expect(outcome.stderr).toContain('(lock-not-had)')
    expect([4, 5]).toContain(outcome.status)
    const events = (await readFile(`${here.folder}/events.jsonl`, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string })
    expect(events.map((event) => event.type)).toContain('waiting-for-lock')
  })
})
