import { describe, expect, it } from 'vitest'
import { cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const prisma = {
  'prisma/migrations/20240101000000_init/migration.sql': 'CREATE TABLE "User" ("id" SERIAL PRIMARY KEY);\n',
  'prisma/migrations/20240102000000_add_name/migration.sql': 'ALTER TABLE "User" ADD COLUMN "name" TEXT;\n',
  'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
}
const init = '20240101000000_init'
const addName = '20240102000000_add_name'

forEachVersion('records', (version) => {
  it('baseline writes what the database already has into the ORM’s history and the journal, and runs nothing', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(prisma)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    const before = await run('status', '--json')
    expect(JSON.parse(before.stdout).migrations.map((m: { state: string }) => m.state)).toEqual(['pending', 'pending'])
    const baseline = await run('baseline', '--to', init)
    expect(baseline.stderr).toContain('Database ')
    expect(baseline.stdout).toContain(init)
    expect(baseline.status).toBe(0)
    const status = JSON.parse((await run('status', '--json')).stdout)
    expect(status.migrations).toEqual([
      { id: init, source: 'prisma', state: 'complete', ormRecorded: true, changed: false },
      { id: addName, source: 'prisma', state: 'pending', ormRecorded: false, changed: false },
    ])
    const client = await database.client()
    const { rows } = await client.query(
      'select migration_name, finished_at is not null as finished, applied_steps_count from _prisma_migrations',
    )
    expect(rows).toEqual([{ migration_name: init, finished: true, applied_steps_count: 1 }])
    expect((await client.query(`select to_regclass('"User"') as made`)).rows[0].made).toBeNull()
    expect((await run('baseline')).stdout).toContain(addName)
    expect((await run('baseline')).stdout).toContain('Everything was recorded already')
  })

  it('resolve takes a migration back to pending, and records it as applied again', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(prisma)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    const states = async () =>
      JSON.parse((await run('status', '--json')).stdout).migrations.map((m: { state: string; ormRecorded: boolean }) => [
        m.state,
        m.ormRecorded,
      ])
    await run('baseline')
    expect((await run('resolve', '--rolled-back', addName)).status).toBe(0)
    expect(await states()).toEqual([
      ['complete', true],
      ['aborted', false],
    ])
    expect((await run('resolve', '--applied', addName)).status).toBe(0)
    expect(await states()).toEqual([
      ['complete', true],
      ['complete', true],
    ])
    const unknown = await run('resolve', '--applied', 'nothing_such')
    expect(unknown.stderr).toContain('(migration-unknown)')
    const both = await run('resolve', '--applied', init, '--rolled-back', addName)
    expect(both.stderr).toContain('(usage)')
    expect(both.status).toBe(1)
  })

  it('uninstall leaves nothing of ours and keeps the ORM’s history', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(prisma)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    await run('baseline')
    expect((await run('uninstall')).stdout).toContain('is gone')
    expect((await run('uninstall')).stdout).toContain('nothing of lockkeeper')
    const client = await database.client()
    expect((await client.query(`select to_regnamespace('lockkeeper') as there`)).rows[0].there).toBeNull()
    expect((await client.query('select count(*)::int as rows from _prisma_migrations')).rows[0].rows).toBe(2)
  })

  it('a file that changed after it was applied shows in status', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(prisma)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    await run('baseline')
    await here.write({ [`prisma/migrations/${addName}/migration.sql`]: 'ALTER TABLE "User" ADD COLUMN "name" VARCHAR;\n' })
    const status = await run('status')
    expect(flat(status.stdout)).toContain('the file was changed after it was applied')
  })

  it('status lists INVALID indexes, NOT VALID constraints and what has no file', async () => {
    const setup = `
      create table "Odd ""Name""" (id int);
      create table child (id int);
      alter table child add constraint "Über" check (id > 0) not valid;
      insert into "Odd ""Name""" values (1), (1);
      create table _prisma_migrations (id varchar(36) primary key, checksum varchar(64) not null, finished_at timestamptz, migration_name varchar(255) not null,
        logs text, rolled_back_at timestamptz, started_at timestamptz not null default now(), applied_steps_count int not null default 0);
      insert into _prisma_migrations values ('1', 'x', now(), '2023_gone', null, null, now(), 1);`
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    await client.query(`create unique index concurrently "bad ""one""" on "Odd ""Name""" (id)`).catch(() => undefined)
    await using here = await project(prisma)
    const { stdout } = await cliHere(['status', '--json', '--database-url', database.url], { cwd: here.folder })
    expect(JSON.parse(stdout)).toMatchObject({
      invalidIndexes: ['public.bad "one"'],
      unvalidated: ['public.child.Über'],
      unknown: ['2023_gone'],
      leftovers: [],
    })
  })
})

describe('records of a server that cannot be written', () => {
  it('are refused on a database whose transactions are read-only, and nothing is changed', async () => {
    await using database = await freshDatabase(18)
    await using here = await project(prisma)
    const client = await database.client()
    await client.query(`alter database ${database.name} set default_transaction_read_only = on`)
    const outcome = await cliHere(['baseline', '--database-url', database.url], { cwd: here.folder })
    expect(outcome.stderr).toContain('(read-only-server)')
    expect(outcome.status).toBe(1)
  })
})
