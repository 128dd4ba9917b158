import { beforeAll, describe, expect, test } from 'vitest'
import type { Catalog } from '../../src/model/catalog.ts'
import { plan } from '../../src/plan/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { rewrites } from '../../src/postgres/rewrites/index.ts'
import { connect } from '../../src/postgres/session.ts'
import { run } from '../../src/run/run.ts'
import { busyTables, type BusyTable } from '../support/busy-tables.ts'
import { planAll, sqlMigration } from '../support/planned.ts'
import { freshDatabase, testVersions, type TestDatabase } from '../support/postgres.ts'
import { runOptions } from '../support/run.ts'
import { sampleLocks, userTables } from '../support/sample-locks.ts'
import { startTraffic } from '../support/traffic.ts'

const rows = Number(process.env['LOCKKEEPER_LOCK_ROWS'] ?? 5_000_000)
const budgetMs = 100
const limitMs = 80 * 60_000

beforeAll(() => postgres.load())

async function tableOf({ setup }: BusyTable): Promise<TestDatabase> {
  const database = await freshDatabase(18)
  const client = await database.client()
  for (const { sql } of postgres.parse(Buffer.from(setup(rows)))) await client.query(sql)
  return database
}

async function catalogOf(url: string): Promise<Catalog> {
  await using session = await connect({ url, applicationName: 'plan' })
  return await session.readCatalog()
}

/** The rewrites without which the plan is another one. */
function rewritesIn({ migration, allow }: BusyTable, catalog: Catalog): readonly string[] {
  const settings = { project: 'p', catalog, lockBudgetMs: budgetMs, statementTimeoutMs: 5_000, allow, touched: '' }
  const stepsOf = (engine: typeof postgres) => JSON.stringify(plan(engine, [sqlMigration(migration)], settings).migrations)
  const whole = stepsOf(postgres)
  return postgres.rewrites
    .filter(({ id }) => stepsOf({ ...postgres, rewrites: postgres.rewrites.filter((one) => one.id !== id) }) !== whole)
    .map(({ id }) => id)
}

// On the newest version alone: what differs between versions is seen on smaller tables.
describe.runIf(testVersions.includes(18))('rewrites of a busy table on PostgreSQL 18', () => {
  const used = new Set<string>()

  test.each(busyTables)(
    `nobody is locked out of $name of ${rows.toLocaleString('en')} rows for longer than the lock budget`,
    { timeout: limitMs },
    async (table) => {
      await using database = await tableOf(table)
      const catalog = await catalogOf(database.url)
      for (const rewrite of rewritesIn(table, catalog)) used.add(rewrite)
      const planned = planAll(catalog, [sqlMigration(table.migration)], table.allow)
      expect(planned.migrations.flatMap(({ blocked }) => blocked)).toEqual([])

      await using elsewhere = await freshDatabase(18)
      const [sampling, control] = [await elsewhere.client(), await elsewhere.client()]
      await using locks = await sampleLocks({ sampling, control }, database.name, await userTables(await database.client()))
      await using traffic = await startTraffic(database.url, table.queries)
      const report = await run(runOptions(database.url, planned, { signal: AbortSignal.timeout(limitMs), maxLockWaitMs: 600_000 }))

      const { failures, queries } = await traffic.stop()
      const holds = await locks.stop()
      expect(report.migrations).toMatchObject([{ state: 'complete' }])
      expect(failures).toEqual([])
      expect(queries).toBeGreaterThan(50)
      expect(holds.filter(({ ms }) => ms > budgetMs)).toEqual([])
      expect(holds.some(({ relation }) => relation.startsWith(table.relation))).toBe(true)
      console.log(`${table.name} of ${rows} rows, ${queries} queries, longest locks held: ${JSON.stringify(holds.slice(0, 3))}`)
    },
  )

  test('between them they take every rewrite that there is on this version', () => {
    // From 18 on a foreign key of a partitioned table can be NOT VALID.
    const older = ['add-foreign-key-per-partition']
    // What the running application would not survive is tried under two versions of it (test/expand).
    expect(rewrites.map(({ id }) => id).filter((id) => !used.has(id))).toEqual(older)
  })
})
