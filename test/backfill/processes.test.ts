import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Batch, Chunk } from '../../src/model/backfill.ts'
import type { Walk, Work } from '../../src/model/plan.ts'
import { backfillStore } from '../../src/postgres/backfill/store.ts'
import { journal } from '../../src/postgres/journal.ts'
import { connect } from '../../src/postgres/session.ts'
import { fillKey } from '../support/backfill.ts'
import { startWorker, type WorkerProcess } from '../support/backfill-process.ts'
import { killCases } from '../support/kill-cases.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const rows = 12_000
/** `n` is how often a row was changed, whatever changes it. */
const setup = `
  create table t (id int, p int not null, v text, n int not null default 0, primary key (id, p)) partition by range (p);
  ${Array.from({ length: 11 }, (_, p) => `create table t${p} partition of t for values from (${p}) to (${p + 1}) with (fillfactor = 20);`).join('')}
  create table rest partition of t default;
  insert into t select i, i % 12 from generate_series(1, ${rows}) i`
const counting: { readonly work: Work; readonly walk: Walk } = {
  work: { kind: 'update', relation: 'public.t', set: 'n = n + 1', where: 'true', falsifies: false },
  walk: { by: 'key', columns: ['id', 'p'], types: ['integer', 'integer'] },
}
const filling: typeof counting = {
  work: { kind: 'update', relation: 'public.t', set: `v = 'x', n = n + 1`, where: 'v is null', falsifies: true },
  walk: { by: 'pages' },
}
const byCode: typeof counting = {
  work: { kind: 'code', relation: 'public.t', where: 'true', falsifies: false, module: 'm.ts', export: 'count', hash: 'h' },
  walk: counting.walk,
}
/** Long enough that a worker on a busy machine keeps it, short enough to be waited for. */
const leaseMs = 1_000

async function counts(database: TestDatabase): Promise<readonly unknown[]> {
  const client = await database.client()
  return (await client.query('select n, count(*)::int as rows from t group by n')).rows
}

const finished = { code: 0, signal: null, errors: '' }
const once = [{ n: 1, rows }]

/** Killed after some batch of its own, somewhere in or between the next ones. */
async function killAtRandom(worker: WorkerProcess, random: number): Promise<void> {
  await worker.said('done', 2 + (random % 4))
  await sleep(random % 13)
  worker.send('SIGKILL')
}

forEachVersion('processes that share a backfill', (version) => {
  test.each(
    killCases().flatMap((seed) => [
      ['by key', seed, counting] as const,
      ['by pages of partitions', seed, filling] as const,
      ['by code', seed, byCode] as const,
    ]),
  )('of which two of four are killed change each row once, %s, seed %i', async (_, seed, job) => {
    await using database = await freshDatabase(version, { setup })
    const start = (at: number) => startWorker(database.url, { ...job, owner: `test:${at}#${at}`, leaseMs, stopAt: 0 })
    const doomed = await Promise.all([0, 1].map(start))
    await Promise.all(doomed.map((worker) => worker.said('done')))
    const others = await Promise.all([2, 3].map(start))
    const random = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    await Promise.all(doomed.map((worker, at) => killAtRandom(worker, Math.floor(random / (at + 1)))))
    expect((await Promise.all(doomed.map((worker) => worker.ended))).map(({ signal }) => signal)).toEqual(['SIGKILL', 'SIGKILL'])
    expect(await Promise.all(others.map((worker) => worker.ended))).toEqual([finished, finished])
    expect(await counts(database)).toEqual(once)
  })

  test.each([
    ['by key', counting],
    ['by pages', filling],
  ])('of which one sleeps until its chunk was taken over write nothing by its old lease, %s', async (_, job) => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const first = await startWorker(database.url, { ...job, owner: 'test:1#1', leaseMs, stopAt: 3 })
    await first.said('stopped')
    const expired = 'select from lockkeeper.backfill_chunk where leased_until < clock_timestamp()'
    await expect.poll(async () => (await client.query(expired)).rowCount, { timeout: 10_000 }).toBe(1)
    const second = await startWorker(database.url, { ...job, owner: 'test:2#2', leaseMs, stopAt: 2 })
    await second.said('stopped')
    first.send('SIGCONT')
    expect(await first.ended).toEqual(finished)
    expect(first.lines.slice(0, 4)).toEqual(['done', 'done', 'stopped', 'lost'])
    expect(await counts(database)).toEqual(once)
    second.send('SIGCONT')
    expect(await second.ended).toEqual(finished)
    expect(second.lines).toEqual(['done', 'stopped', 'lost', 'complete'])
    expect(await counts(database)).toEqual(once)
  })

  test('of which one hangs in its code until its rows were taken over write each row once', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const first = await startWorker(database.url, { ...byCode, owner: 'test:1#1', leaseMs, stopAt: 0, stopInRun: 3 })
    await first.said('stopped')
    const expired = 'select from lockkeeper.backfill_chunk where leased_until < clock_timestamp()'
    await expect.poll(async () => (await client.query(expired)).rowCount, { timeout: 10_000 }).toBe(1)
    const second = await startWorker(database.url, { ...byCode, owner: 'test:2#2', leaseMs, stopAt: 0 })
    await second.said('done')
    first.send('SIGCONT')
    expect(await first.ended).toEqual(finished)
    expect(await second.ended).toEqual(finished)
    expect(await counts(database)).toEqual(once)
  })

  test('a worker that finds the tables made by another meanwhile leaves them alone', async () => {
    await using database = await freshDatabase(version)
    await using first = await connect({ url: database.url, applicationName: 'first' })
    await using second = await connect({ url: database.url, applicationName: 'second' })
    await first.query(`select pg_advisory_lock(hashtext('lockkeeper install'))`)
    const installing = journal(second).install()
    const waiting = `select from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())`
    await expect.poll(async () => (await first.query(waiting)).length, { timeout: 10_000 }).toBe(1)
    await journal(first).install()
    // As any lease or batch of the first does.
    await first.script(['begin', 'lock table lockkeeper.backfill_chunk in row exclusive mode'])
    await first.query(`select pg_advisory_unlock(hashtext('lockkeeper install'))`)
    await installing
    await first.script(['commit'])
  })

  test('a batch with an old fence changes nothing, and says that the lease is lost', async () => {
    await using database = await freshDatabase(version, { setup })
    await using session = await connect({ url: database.url, applicationName: 'lockkeeper' })
    await journal(session).install()
    const store = backfillStore(session)
    await store.begin(fillKey, { ...counting, batchTargetMs: 5, triggers: 'fire' })
    const old = await chunkOfFirst(session, 'first')
    const batch = (chunk: Chunk): Batch => ({
      chunk,
      next: { after: chunk.upTo, finished: true },
      range: 'true',
      only: false,
      work: counting.work,
      limits: { lockTimeoutMs: 50, statementTimeoutMs: 5_000 },
      skipTriggers: false,
      leaseMs,
    })
    await store.release(old)
    const taken = await store.lease(fillKey, 'second', leaseMs)
    if (taken.kind !== 'chunk') throw new Error(taken.kind)
    expect(taken.chunk).toEqual({ ...old, fence: old.fence + 1 })
    expect(await store.batch(fillKey, batch(old))).toEqual({ kind: 'lost' })
    expect(await store.batch(fillKey, { ...batch(old), around: { place: `'[1]'::jsonb`, most: 10, mostInAll: 10 } })).toEqual({
      kind: 'lost',
    })
    expect(await counts(database)).toEqual([{ n: 0, rows }])
    expect(await store.beat(fillKey, old, { leaseMs })).toMatchObject({ kept: false })
    await store.release(old)
    expect(await store.batch(fillKey, batch(taken.chunk))).toMatchObject({ kind: 'done', rows })
    expect(await store.batch(fillKey, batch(taken.chunk))).toEqual({ kind: 'lost' })
    expect(await counts(database)).toEqual(once)
    expect(await store.read(fillKey)).toMatchObject({ rows, workers: [] })
  })
})

/** The whole table as one chunk. */
async function chunkOfFirst(session: Awaited<ReturnType<typeof connect>>, owner: string): Promise<Chunk> {
  const store = backfillStore(session)
  const end = await store.lease(fillKey, owner, leaseMs)
  if (end.kind !== 'sweep-done') throw new Error(end.kind)
  const [piece] = await store.pieces('public.t', 'key')
  if (piece === undefined) throw new Error('no piece')
  const bound = [String(rows), '100']
  expect(await store.nextSweep(fillKey, end.end, [{ ...piece, bound }])).toBe(true)
  const held = await store.lease(fillKey, owner, leaseMs)
  if (held.kind !== 'part') throw new Error(held.kind)
  return await store.cut(fillKey, held.part, { upTo: bound, owner, leaseMs })
}
