import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Catalog } from '../../src/model/catalog.ts'
import type { PlannedMigration } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { fillTables } from '../support/fill-tables.ts'
import { planOne } from '../support/planned.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rewriteCases, type RewriteCase } from '../support/rewrite-cases.ts'
import { sampleLocks, userTables, type Hold } from '../support/sample-locks.ts'
import { takeSteps } from '../support/take-steps.ts'

const rows = 200_000

/** The lock budget: the longest that anyone may wait. */
const budgetMs = 100
/**
 * Work that is done under a lock takes as long in the steps as in the migration as written, so a fifth of that tells the two apart;
 * but no less than this, since a sample is taken every 3 ms and a backend amid a brief ALTER may lose its core for a slice or two.
 */
const leastMs = 10
/** A busy machine stretches one hold or another. Work stretches each of them, so the shortest counts. */
const tries = 3

beforeAll(() => postgres.load())

async function catalogOf(url: string): Promise<Catalog> {
  await using session = await connect({ url, applicationName: 'plan' })
  return await session.readCatalog()
}

type Work = (database: TestDatabase) => Promise<void>
type Change = (planned: PlannedMigration) => PlannedMigration

function asWritten({ migration }: RewriteCase): Work {
  return async (database) => {
    const client = await database.client()
    for (const { sql } of postgres.parse(Buffer.from(migration))) await client.query(sql)
  }
}

function inSteps({ migration, allow }: RewriteCase, change: Change): Work {
  return async (database) => {
    const planned = planOne(await catalogOf(database.url), migration, allow)
    expect(planned.blocked).toEqual([])
    await takeSteps(await database.client(), change(planned))
  }
}

forEachVersion('the locks of rewrites', (version) => {
  const cases = rewriteCases().filter(({ versions: [from, to] }) => version >= from && version <= to)
  let sampler: TestDatabase
  beforeAll(async () => {
    sampler = await freshDatabase(version)
  })
  afterAll(async () => await sampler.drop())

  /** A database with the tables of a case, filled, for copying; the last one is kept, since neighbours often have the same. */
  let filled: { readonly setup: string; readonly database: TestDatabase } | undefined
  afterAll(async () => await filled?.database.drop())

  async function tablesOf({ setup, unfilled }: RewriteCase): Promise<TestDatabase> {
    if (filled?.setup === setup) return filled.database
    await filled?.database.drop()
    const database = await freshDatabase(version, { setup })
    filled = { setup, database }
    const client = await database.client()
    // Where this fails, the case says so by a line `-- unfilled: why`.
    if (unfilled === undefined) await fillTables(client, rows)
    await client.end()
    return database
  }

  async function longestHold(template: TestDatabase, work: Work): Promise<Hold> {
    await using database = await freshDatabase(version, { template })
    const client = await database.client()
    const tables = await userTables(client)
    await client.end()
    const [sampling, control] = [await sampler.client(), await sampler.client()]
    await using locks = await sampleLocks({ sampling, control }, database.name, tables)
    await work(database)
    const [longest] = await locks.stop()
    await Promise.all([sampling.end(), control.end()])
    return longest ?? { relation: 'none', mode: 'none', ms: 0 }
  }

  /** The holds above the limit; none if one try stays below it. */
  async function tooLong(template: TestDatabase, work: Work, limitMs: number): Promise<readonly Hold[]> {
    const holds: Hold[] = []
    for (let left = tries; left > 0; left -= 1) {
      const hold = await longestHold(template, work)
      if (hold.ms <= limitMs) return []
      holds.push(hold)
    }
    return holds
  }

  async function longHolds(one: RewriteCase, change: Change = (planned) => planned): Promise<readonly Hold[]> {
    const template = await tablesOf(one)
    const original = await longestHold(template, asWritten(one))
    return await tooLong(template, inSteps(one, change), Math.min(budgetMs, Math.max(leastMs, original.ms / 5)))
  }

  test.each(cases.map((one) => [`${one.rewrite}/${one.name}`, one] as const))(
    '%s: no step holds a lock that blocks anyone while it works on the table',
    { timeout: 180_000 },
    async (_, one) => {
      expect(await longHolds(one)).toEqual([])
    },
  )

  test.each<[string, string, (sql: string) => string]>([
    ['create-index-concurrently/plain', 'a build that is not concurrent', (sql) => sql.replace(' CONCURRENTLY', '')],
    ['add-check-not-valid/plain', 'a CHECK that is valid at once', (sql) => sql.replace(' NOT VALID', '')],
    ['add-foreign-key-not-valid/no-name', 'a foreign key that is valid at once', (sql) => sql.replace(' NOT VALID', '')],
    ['add-unique-using-index/plain', 'a constraint that builds its index', (sql) => sql.replace(/ADD CONSTRAINT .*/, 'ADD UNIQUE (email)')],
  ])('%s: %s is found', { timeout: 180_000 }, async (name, _, spoilt) => {
    const one = cases.find((found) => `${found.rewrite}/${found.name}` === name)
    if (one === undefined) throw new Error(`there is no case ${name}`)
    const spoil: Change = ({ steps, ...rest }) => ({
      ...rest,
      steps: steps.map((step) => (step.kind === 'sql' ? { ...step, sql: step.sql.map(spoilt) } : step)),
    })
    expect(await longHolds(one, spoil)).toHaveLength(tries)
  })
})
