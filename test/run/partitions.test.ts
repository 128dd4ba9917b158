import { beforeAll, expect, test } from 'vitest'
import { sqlMigration } from '../../src/adapters/_sql-migration.ts'
import type { Plan } from '../../src/model/plan.ts'
import { plan } from '../../src/plan/plan.ts'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { run } from '../../src/run/run.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { planOf, runOptions } from '../support/run.ts'
import { schemaOf } from '../support/snapshot.ts'

const setup = `create table kinds (k text primary key);
  insert into kinds select 'k' || i from generate_series(1, 20) i;
  create table "Log" (id int not null, at date not null, kind text) partition by range (at);
  create table log_25 partition of "Log" for values from ('2025-01-01') to ('2026-01-01') partition by range (at);
  create table log_25_a partition of log_25 for values from ('2025-01-01') to ('2025-07-01');
  create table "log 25'b" partition of log_25 for values from ('2025-07-01') to ('2026-01-01');
  create table log_26 partition of "Log" for values from ('2026-01-01') to ('2027-01-01');
  create table log_24 (id int not null, at date not null, kind text);
  insert into "Log" select i, date '2025-01-01' + i % 700, 'k' || 1 + i % 20 from generate_series(1, 2000) i;
  insert into log_24 select i, date '2024-01-01' + i % 300, 'k' || 1 + i % 20 from generate_series(1, 500) i`

const unique = 'alter table "Log" add constraint one unique (id, at);'
const foreignKey = 'alter table "Log" add foreign key (kind) references kinds;'
const attach = `alter table "Log" attach partition log_24 for values from ('2024-01-01') to ('2025-01-01');`
const detach = 'alter table "Log" detach partition log_26;'

const migrationOf = (sql: string) => sqlMigration('0001_log.sql', new TextEncoder().encode(sql))

async function planned(database: TestDatabase, sql: string): Promise<Plan> {
  await using session = await connect({ url: database.url, applicationName: 'look' })
  const catalog = await session.readCatalog()
  return plan(postgres, [migrationOf(sql)], {
    project: 'test',
    catalog,
    lockBudgetMs: 100,
    statementTimeoutMs: 5_000,
    allow: [],
    touched: '',
  })
}

/** The run, stopped at the given event of those that it tells; how many it told. */
async function runUntil(
  database: TestDatabase,
  { sql, steps }: { readonly sql: string; readonly steps: Plan },
  at: number,
): Promise<number> {
  const stop = new AbortController()
  let told = 0
  const options = runOptions(database.url, steps, {
    migrations: [migrationOf(sql)],
    signal: stop.signal,
    listener: () => (told += 1) === at && stop.abort(),
  })
  await run(options).catch((error: unknown) => {
    if (!stop.signal.aborted) throw error
  })
  return told
}

beforeAll(() => postgres.load())

forEachVersion('a change of a partitioned table', (version) => {
  const changes = [unique, foreignKey, ...(version >= 14 ? [attach, detach] : [attach])]

  test.each(changes)('stopped at each event and taken up again it ends as written: %s', { timeout: 120_000 }, async (sql) => {
    await using asWritten = await freshDatabase(version, { setup: `${setup}; ${sql}` })
    await using database = await freshDatabase(version, { setup })
    const steps = await planned(database, sql)
    expect(steps.migrations[0]?.blocked).toEqual([])
    expect(steps.migrations[0]?.steps.length).toBeGreaterThan(1)
    for (let at = 1; at < 60; at += 1) if ((await runUntil(database, { sql, steps }, at)) < at) break
    const [original, client] = [await asWritten.client(), await database.client()]
    expect(diffSchemas(await schemaOf(original), await schemaOf(client))).toEqual([])
  })

  test.each([unique, ...(version < 18 ? [foreignKey] : [])])(
    'stopped on the partitions it can be taken back: %s',
    { timeout: 60_000 },
    async (sql) => {
      await using database = await freshDatabase(version, { setup })
      const client = await database.client()
      const before = await schemaOf(client)
      const steps = await planned(database, sql)
      const stop = new AbortController()
      let locks = 0
      const options = runOptions(database.url, steps, {
        migrations: [migrationOf(sql)],
        signal: stop.signal,
        listener: (event) => event.type === 'lock-attempt' && event.step.includes('/') && (locks += 1) === 2 && stop.abort(),
      })
      await expect(run(options)).rejects.toMatchObject({ code: 'interrupted' })
      expect(diffSchemas(before, await schemaOf(client))).not.toEqual([])
      await abort(runOptions(database.url, planOf()))
      expect(diffSchemas(before, await schemaOf(client))).toEqual([])
    },
  )

  test('a partition that is made while its parent gets a UNIQUE constraint comes with it, and is left alone', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const late = `create table log_27 partition of "Log" for values from ('2027-01-01') to ('2028-01-01')`
    let made: Promise<unknown> | undefined
    const options = runOptions(database.url, await planned(database, unique), {
      migrations: [migrationOf(unique)],
      listener: (event) => {
        if (event.type === 'lock-attempt' && event.step.includes('/')) made ??= client.query(late)
      },
    })
    await run(options)
    await made
    await using direct = await freshDatabase(version, { setup: `${setup}; ${late}; ${unique}` })
    expect(diffSchemas(await schemaOf(await direct.client()), await schemaOf(client))).toEqual([])
  })
})
