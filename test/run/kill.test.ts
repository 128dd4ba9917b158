import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { describeSchema, diffSchemas } from '../../src/postgres/describe.ts'
import { bundle } from '../support/bundle.ts'
import { killCases } from '../support/kill-cases.ts'
import { prismaDeployFirst } from '../support/orm/prisma-deploy-first.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { orderQueries, startTraffic } from '../support/traffic.ts'

const folder = join(import.meta.dirname, '../cases/runs/ten')
const child = bundle('test/support/apply-child.ts')

/** The first migration as Prisma left it, with data that the later ones have to cope with. */
const data = `
  insert into "Customer" (email) select 'c' || n || '@example.com' from generate_series(1, 200) n;
  insert into orders ("customerId", note, total, state)
    select 1 + n % 200, case when n % 20 <> 0 then 'note ' || n end, n, case when n % 3 <> 0 then 'open' end from generate_series(1, 4000) n`

interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly output: string
}

async function apply(url: string, killAt: number, killAfterMs?: number): Promise<Ended> {
  const file = await child
  return await new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [file, url, folder, String(killAt)], { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    started.stdout.on('data', (text: Buffer) => (output += text.toString()))
    started.stderr.on('data', (text: Buffer) => (output += text.toString()))
    const timer = killAfterMs === undefined ? undefined : setTimeout(() => started.kill('SIGKILL'), killAfterMs)
    started.on('error', reject)
    started.on('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ code, signal, output })
    })
  })
}

async function prepared(version: number): Promise<TestDatabase> {
  const database = await freshDatabase(version)
  await prismaDeployFirst(database.url, join(folder, 'prisma/migrations'), 1)
  const client = await database.client()
  await client.query(data)
  return database
}

/** All that must be the same after any number of kills: definitions, rows (without the application's and without random values), history. */
async function outcome(
  database: TestDatabase,
): Promise<{ readonly schema: Awaited<ReturnType<typeof describeSchema>>; readonly rows: unknown; readonly history: unknown }> {
  const client = await database.client()
  const query = async (sql: string, values: readonly unknown[] = []): Promise<Record<string, unknown>[]> =>
    (await client.query<Record<string, unknown>>(sql, [...values])).rows
  const schema = await describeSchema(query, {})
  const rows = await query(
    `select count(*)::int as n, md5(string_agg(o::text, '|' order by id)) as sum from (select id, "customerId", note, total, state, coupon from orders where id <= 4000) o`,
  )
  const unique = await query('select count(distinct "publicId")::int = count(*)::int as "allDifferent" from orders')
  const history = await query(
    'select migration_name, checksum, finished_at is not null as finished, rolled_back_at is not null as "rolledBack", applied_steps_count from _prisma_migrations order by started_at, migration_name',
  )
  return { schema, rows: [rows, unique], history }
}

describe.each(testVersions)('kill -9 of the runner on PostgreSQL %i', (version) => {
  let expected: Awaited<ReturnType<typeof outcome>>
  beforeAll(async () => {
    await using undisturbed = await prepared(version)
    const { code, output } = await apply(undisturbed.url, 0)
    if (code !== 0) throw new Error(output)
    expected = await outcome(undisturbed)
  })

  async function expectSame(database: TestDatabase): Promise<void> {
    const after = await outcome(database)
    expect(diffSchemas(expected.schema, after.schema)).toEqual([])
    expect(after.rows).toEqual(expected.rows)
    expect(after.history).toEqual(expected.history)
  }

  test(
    'at every step boundary, after the intent and after the act, a new apply ends in the same catalog, data and history',
    { timeout: 600_000 },
    async () => {
      await using database = await prepared(version)
      await using traffic = await startTraffic(database.url, orderQueries)
      for (let runs = 0; ; runs++) {
        const ended = await apply(database.url, 1 + (runs % 2))
        if (ended.code === 0) break
        expect(ended).toMatchObject({ signal: 'SIGKILL' })
        expect(runs).toBeLessThan(300)
      }
      const { failures, queries } = await traffic.stop()
      expect(failures).toEqual([])
      expect(queries).toBeGreaterThan(100)
      await expectSame(database)
    },
  )

  test.each(killCases())('at random moments, seed %i', { timeout: 300_000 }, async (seed) => {
    await using database = await prepared(version)
    await using traffic = await startTraffic(database.url, orderQueries)
    let state = seed
    for (let kills = 0; ; kills++) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31
      const ended = await apply(database.url, 0, kills < 5 ? 150 + (state / 2 ** 31) * 1_500 : undefined)
      if (ended.code === 0) break
      expect(ended).toMatchObject({ signal: 'SIGKILL' })
    }
    expect((await traffic.stop()).failures).toEqual([])
    await expectSame(database)
  })
})
