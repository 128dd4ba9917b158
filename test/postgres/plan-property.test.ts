import fc from 'fast-check'
import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { plan } from '../../src/plan/plan.ts'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { worksUnderLocks } from '../support/gentle.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { randomMigration, type RandomMigration } from '../support/random-migration.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'
import { takeSteps } from '../support/take-steps.ts'

const seed = Number(process.env['LOCKKEEPER_SEED'] ?? 20_261_124)
const runs = Number(process.env['LOCKKEEPER_RUNS'] ?? 40)

beforeAll(() => postgres.load())

async function reset(client: pg.Client, setup: string): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS public, "Other Schema", app CASCADE; CREATE SCHEMA public')
  await client.query(setup)
}

forEachVersion('the plan of a random migration', (version) => {
  test(
    `ends where the migration as written ends, and does nothing long under a lock (seed ${seed}, ${runs} cases)`,
    { timeout: 600_000 },
    async () => {
      await using asWritten = await freshDatabase(version)
      await using inSteps = await freshDatabase(version)
      await using session = await connect({ url: inSteps.url, applicationName: 'plan' })
      const [original, client] = [await asWritten.client(), await inSteps.client()]

      const holds = async ({ setup, migration, volatile }: RandomMigration): Promise<void> => {
        await reset(original, setup)
        await reset(client, setup)
        for (const { sql } of postgres.parse(Buffer.from(migration))) await original.query(sql)
        const catalog = await session.readCatalog()
        const body = { kind: 'sql', bytes: Buffer.from(migration) } as const
        const file = { id: 'm', source: 'sql', file: 'm.sql', checksum: '', body, transaction: 'file', history: {} } as const
        const [planned] = plan(postgres, [file], {
          project: 'p',
          catalog,
          lockBudgetMs: 100,
          statementTimeoutMs: 5_000,
          allow: [],
          touched: '',
        }).migrations
        if (planned === undefined) throw new Error('nothing is planned')
        expect(planned.blocked).toEqual([])
        expect(worksUnderLocks(planned, catalog)).toEqual([])
        for (const check of planned.checks) expect((await client.query(check.sql)).rows).toEqual([])
        await takeSteps(client, planned)
        expect(diffSchemas(await schemaOf(original), await schemaOf(client))).toEqual([])
        expect(await rowsOf(client, volatile)).toEqual(await rowsOf(original, volatile))
      }
      await fc.assert(fc.asyncProperty(randomMigration, holds), { seed, numRuns: runs, endOnFailure: true })
    },
  )
})
