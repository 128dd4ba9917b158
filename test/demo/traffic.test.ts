import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { monotonicMs } from '../../src/demo/clock.ts'
import { figuresOf, timelineOf } from '../../src/demo/samples.ts'
import { startTraffic } from '../../src/demo/traffic.ts'
import type { Workload } from '../../src/demo/workload.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const limit = (): AbortSignal => AbortSignal.timeout(50_000)
const setup = `CREATE TABLE acct (id int PRIMARY KEY, note text); INSERT INTO acct SELECT i, 'x' FROM generate_series(1, 100) i`
const reads: Workload = {
  kind: 'read',
  sql: 'SELECT note FROM acct WHERE id = $1',
  values: [{ from: 1, to: 100 }],
  connections: 3,
  perSecond: 200,
}

forEachVersion('traffic', (version) => {
  it('sends as many queries as are due and measures each', async () => {
    await using database = await freshDatabase(version, { setup })
    await using traffic = await startTraffic({ url: database.url, workloads: [reads], signal: limit() })
    await delay(500)
    const fromMs = monotonicMs()
    await delay(1000)
    const window = { fromMs, toMs: monotonicMs() }
    const figures = figuresOf(await traffic.stop(), window)
    const due = (200 * (window.toMs - window.fromMs)) / 1000
    expect(Math.abs(figures.queries - due)).toBeLessThanOrEqual(3)
    expect(figures.failed).toBe(0)
    expect(figures.p50Ms).toBeGreaterThan(0)
  })

  it('counts every query that was due while a lock of 300 ms stood, though three connections could send only three', async () => {
    await using database = await freshDatabase(version, { setup })
    const locker = await database.client()
    await using traffic = await startTraffic({ url: database.url, workloads: [reads], signal: limit() })
    await delay(500)
    await locker.query('BEGIN; LOCK TABLE acct')
    const fromMs = monotonicMs()
    await delay(300)
    const toMs = monotonicMs()
    await locker.query('COMMIT')
    await delay(300)
    const samples = await traffic.stop()
    const heldMs = toMs - fromMs
    const figures = figuresOf(samples, { fromMs, toMs })
    expect(figures.delayedOver100Ms).toBeGreaterThanOrEqual((200 * (heldMs - 100)) / 1000 - 3)
    expect(figures.longestMs).toBeGreaterThan(heldMs - 20)
    const [first = 0, , third = 0] = timelineOf(samples, { fromMs, toMs }, heldMs / 3).map((slice) => slice.p50Ms)
    expect(first).toBeGreaterThan(third) // who was due earlier waited longer
  })

  it('counts failed queries with their SQLSTATE and goes on', async () => {
    await using database = await freshDatabase(version, { setup })
    const broken: Workload = { ...reads, kind: 'broken', sql: 'SELECT 1 / ($1::int - $1::int)', perSecond: 50 }
    await using traffic = await startTraffic({ url: database.url, workloads: [reads, broken], signal: limit() })
    await delay(500)
    const samples = await traffic.stop()
    const failed = samples.filter((sample) => sample.sqlstate !== undefined)
    expect(failed.length).toBeGreaterThan(15)
    expect(new Set(failed.map((sample) => `${sample.kind} ${sample.sqlstate}`))).toEqual(new Set(['broken 22012']))
    expect(samples.filter((sample) => sample.kind === 'read').length).toBeGreaterThan(60)
  })

  it('sends as fast as its connections can where no rate is given', async () => {
    await using database = await freshDatabase(version, { setup })
    await using traffic = await startTraffic({
      url: database.url,
      workloads: [{ ...reads, sql: 'SELECT pg_sleep(0.02 * $1)', values: [{ from: 1, to: 1 }], perSecond: 0 }],
      signal: limit(),
    })
    await delay(600)
    const samples = await traffic.stop()
    expect(samples.length).toBeGreaterThan(30)
    expect(samples.length).toBeLessThanOrEqual(100)
  })

  it('ends at once when it is disposed of, and leaves no session', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const sessions = async (): Promise<number> => {
      const { rows } = await client.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'shop %' AND datname = current_database()`,
      )
      return rows[0]?.n ?? -1
    }
    {
      await using _ = await startTraffic({ url: database.url, workloads: [reads], signal: limit() })
      expect(await sessions()).toBe(3)
    }
    await expect.poll(sessions, { timeout: 5000 }).toBe(0)
  })

  it('says why it could not start', async () => {
    const refused = startTraffic({ url: 'postgres://postgres@localhost:1/none?host=/nonexistent', workloads: [reads], signal: limit() })
    await expect(refused).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('the traffic could not start') as string,
    })
  })
})
