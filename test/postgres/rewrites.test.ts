import { beforeAll, expect, test } from 'vitest'
import type { Catalog } from '../../src/model/catalog.ts'
import type { PlannedMigration } from '../../src/model/plan.ts'
import { plan } from '../../src/plan/plan.ts'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { worksUnderLocks } from '../support/gentle.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { rewriteCases, type RewriteCase } from '../support/rewrite-cases.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'
import { takeBack, takeSteps } from '../support/take-steps.ts'

function planFor({ migration, allow }: RewriteCase, catalog: Catalog, rewrites = postgres.rewrites): PlannedMigration {
  const body = { kind: 'sql', bytes: Buffer.from(migration) } as const
  const file = { id: 'm1', source: 'sql', file: 'm1.sql', checksum: '', body, transaction: 'file', history: {} } as const
  const options = { project: 'p', catalog, lockBudgetMs: 100, statementTimeoutMs: 5_000, allow, touched: '' }
  const [planned] = plan({ ...postgres, rewrites }, [file], options).migrations
  if (planned === undefined) throw new Error('nothing is planned')
  return planned
}

async function catalogOf(url: string): Promise<Catalog> {
  await using session = await connect({ url, applicationName: 'plan' })
  return await session.readCatalog()
}

beforeAll(() => postgres.load())

forEachVersion('rewrites', (version) => {
  const cases = rewriteCases().filter(({ versions: [from, to] }) => version >= from && version <= to)
  test.each(cases.map((one) => [`${one.rewrite}/${one.name}`, one] as const))(
    '%s: the steps end where the migration as written ends',
    async (_, one) => {
      await using asWritten = await freshDatabase(version, { setup: one.setup })
      await using inSteps = await freshDatabase(version, { setup: one.setup })
      const catalog = await catalogOf(inSteps.url)
      const planned = planFor(one, catalog)
      expect(planned.blocked).toEqual([])
      expect(worksUnderLocks(planned, catalog)).toEqual([])
      const without = planFor(
        one,
        catalog,
        postgres.rewrites.filter(({ id }) => id !== one.rewrite),
      )
      expect(JSON.stringify(without.steps) !== JSON.stringify(planned.steps)).toBe(one.rewritten)
      expect(planned.steps.some(({ kind }) => kind === 'backfill') || !one.backfilled).toBe(true)

      const [original, client] = [await asWritten.client(), await inSteps.client()]
      for (const { sql } of postgres.parse(Buffer.from(one.migration))) await original.query(sql)
      for (const check of planned.checks)
        expect({ check: check.id, rows: (await client.query(check.sql)).rows }).toEqual({ check: check.id, rows: [] })
      const before = await schemaOf(client)
      await takeSteps(client, planned)
      expect(diffSchemas(await schemaOf(original), await schemaOf(client))).toEqual([])
      expect(await rowsOf(client, one.volatile)).toEqual(await rowsOf(original, one.volatile))

      if (planned.steps.some(({ undo }) => undo.kind === 'forward-only')) return
      await takeBack(client, planned)
      await takeBack(client, planned)
      // oxlint-disable-next-line vitest/no-conditional-expect -- what cannot be taken back has nothing to compare
      expect(diffSchemas(before, await schemaOf(client))).toEqual([])
    },
  )
})
