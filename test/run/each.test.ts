import { beforeAll, expect, test } from 'vitest'
import { sqlMigration } from '../../src/adapters/_sql-migration.ts'
import { plan } from '../../src/plan/plan.ts'
import type { Plan } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { planOf, runOptions } from '../support/run.ts'

const setup = `create table "Log" (id int, at date not null, note text) partition by range (at);
  create table log_25 partition of "Log" for values from ('2025-01-01') to ('2026-01-01') partition by range (at);
  create table log_25_a partition of log_25 for values from ('2025-01-01') to ('2025-07-01');
  create table "log 25'b $lk$" partition of log_25 for values from ('2025-07-01') to ('2026-01-01');
  create table log_26 partition of "Log" for values from ('2026-01-01') to ('2027-01-01');
  insert into "Log" select i, date '2025-01-01' + i % 700, 'n' from generate_series(1, 2000) i`

const migration = sqlMigration('0001_log_note.sql', new TextEncoder().encode('create index "Log_note_idx" on "Log" (note);'))

async function planned(database: TestDatabase): Promise<Plan> {
  await using session = await connect({ url: database.url, applicationName: 'look' })
  const catalog = await session.readCatalog()
  return plan(postgres, [migration], { project: 'test', catalog, lockBudgetMs: 100, statementTimeoutMs: 5_000, allow: [], touched: '' })
}

const indexes = `select c.relname::text as name, i.indisvalid as valid, i.indrelid::regclass::text as "table", (select p.inhparent::regclass::text from pg_inherits p where p.inhrelid = c.oid) as parent
  from pg_index i join pg_class c on c.oid = i.indexrelid where c.relname like '%note%' order by 3`

beforeAll(() => postgres.load())

forEachVersion('an index on a partitioned table', (version) => {
  test('is built leaf by leaf, also on a leaf that comes while it runs, and ends valid with the names of the server', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    let late: Promise<unknown> | undefined
    const options = runOptions(database.url, await planned(database), {
      migrations: [migration],
      listener: (event) => {
        if (event.type === 'step-started' && event.step.startsWith('1'))
          late ??= client.query(`create table log_27 partition of "Log" for values from ('2027-01-01') to ('2028-01-01')`)
      },
    })
    await run(options)
    await late
    const built = (await client.query(indexes)).rows
    expect(built.map((index) => index.valid)).toEqual(built.map(() => true))
    await using direct = await freshDatabase(version, {
      setup: `${setup}; create table log_27 partition of "Log" for values from ('2027-01-01') to ('2028-01-01'); create index "Log_note_idx" on "Log" (note)`,
    })
    expect(built).toEqual((await (await direct.client()).query(indexes)).rows)
  })

  test('that was stopped after the first leaf is gone on with, and can be taken back', async () => {
    await using database = await freshDatabase(version, { setup })
    const stop = new AbortController()
    let seen = 0
    const stopping = runOptions(database.url, await planned(database), {
      migrations: [migration],
      signal: stop.signal,
      listener: (event) => event.type === 'step-done' && (seen += 1) === 2 && stop.abort(),
    })
    await expect(run(stopping)).rejects.toMatchObject({ code: 'interrupted' })
    await abort(runOptions(database.url, planOf()))
    const client = await database.client()
    expect((await client.query(indexes)).rows).toEqual([])
  })
})
