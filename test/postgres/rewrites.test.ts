import { beforeAll, expect, test } from 'vitest'
import type { Migration } from '../../src/model/migration.ts'
import type { Plan, Step } from '../../src/model/plan.ts'
import { plan } from '../../src/plan/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rewriteCases, type RewriteCase } from '../support/rewrite-cases.ts'
import { snapshotOf } from '../support/snapshot.ts'
import { takeSteps } from '../support/take-steps.ts'

function migrationOf(sql: string): Migration {
  return {
    id: 'm1',
    source: 'sql',
    file: 'm1.sql',
    checksum: '',
    body: { kind: 'sql', bytes: Buffer.from(sql) },
    transaction: 'file',
    history: {},
  }
}

async function planFor(database: TestDatabase, { migration, allow }: RewriteCase): Promise<Plan> {
  await using session = await connect({ url: database.url, applicationName: 'plan' })
  const catalog = await session.readCatalog()
  return plan(postgres, [migrationOf(migration)], {
    project: 'p',
    catalog,
    lockBudgetMs: 100,
    statementTimeoutMs: 5_000,
    allow,
    touched: '',
  })
}

function isGentle(step: Step): boolean {
  return step.kind !== 'sql' || step.lockTimeoutMs > 0 || step.locks.every((lock) => !lock.blocksReads && !lock.blocksWrites)
}

beforeAll(() => postgres.load())

forEachVersion('rewrites', (version) => {
  const cases = rewriteCases().filter(({ versions: [from, to] }) => version >= from && version <= to)
  test.each(cases.map((one) => [`${one.rewrite}/${one.name}`, one] as const))(
    '%s: the steps end where the migration as written ends',
    async (_, one) => {
      await using asWritten = await freshDatabase(version, { setup: one.setup })
      await using inSteps = await freshDatabase(version, { setup: one.setup })
      const original = await asWritten.client()
      for (const { sql } of postgres.parse(Buffer.from(one.migration))) await original.query(sql)
      const { migrations } = await planFor(inSteps, one)
      const [planned] = migrations
      if (planned === undefined) throw new Error('nothing is planned')
      expect(planned.blocked).toEqual([])
      expect(planned.steps.every(isGentle)).toBe(true)
      if (one.backfilled) expect(planned.steps.map(({ kind }) => kind)).toContain('backfill')
      const client = await inSteps.client()
      for (const check of planned.checks)
        expect({ check: check.id, rows: (await client.query(check.sql)).rows }).toEqual({ check: check.id, rows: [] })
      await takeSteps(client, planned)
      const wanted = await snapshotOf(original, one.volatile)
      const got = await snapshotOf(client, one.volatile)
      expect(got.schema).toEqual(wanted.schema)
      expect(got.rows).toEqual(wanted.rows)
    },
  )
})
