import { expect, test } from 'vitest'
import type { Blocker } from '../../src/model/event.ts'
import type { TableLock } from '../../src/model/facts.ts'
import { connect } from '../../src/postgres/session.ts'
import { acquire } from '../../src/run/acquire.ts'
import type { LockRequest } from '../../src/run/lock-request.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import type { TestDatabase } from '../support/postgres.ts'

const exclusive: TableLock = { relation: 'public.orders', mode: 'ACCESS EXCLUSIVE', blocksReads: true, blocksWrites: true }
const setup = 'create table orders (id int primary key); insert into orders values (1)'

interface Seen {
  readonly waits: Blocker[]
  readonly queued: number[]
  nowait: number
}

async function acquireOn(
  database: TestDatabase,
  overrides: Partial<LockRequest> = {},
): Promise<{ readonly seen: Seen; readonly run: () => ReturnType<typeof acquire>; readonly close: () => Promise<void> }> {
  const control = await connect({ url: database.url, applicationName: 'lockkeeper control' })
  const work = await connect({ url: database.url, applicationName: 'lockkeeper', control })
  const seen: Seen = { waits: [], queued: [], nowait: 0 }
  const locks = overrides.locks ?? [exclusive]
  const request: LockRequest = {
    locks,
    budgetMs: 100,
    maxWaitMs: 20_000,
    signal: AbortSignal.timeout(30_000),
    look: () => control.blockers(locks, [work.pid]),
    attempt: (how, waitMs) =>
      work.attempt({ locks, how, waitMs, statementTimeoutMs: 1_000, statements: ['alter table orders add column note text'] }),
    onWait: (_waited, _attempts, blockers) => void seen.waits.push(...blockers),
    onAttempt: (how, waitMs) => void (how === 'queued' ? seen.queued.push(waitMs) : (seen.nowait += 1)),
    ...overrides,
  }
  return { seen, run: () => acquire(request), close: async () => void (await Promise.all([work.close(), control.close()])) }
}

forEachVersion('acquire', (version) => {
  test('a free table is had at once, without standing in the queue', async () => {
    await using database = await freshDatabase(version, { setup })
    const { run, seen, close } = await acquireOn(database)
    const got = await run()
    expect(got.attempts).toBe(0)
    expect(got.heldMs).toBeGreaterThan(0)
    expect(seen.queued).toEqual([])
    await close()
  })

  test('while an old transaction reads the table the queue is not touched, and the step commits once it ends', async () => {
    await using database = await freshDatabase(version, { setup })
    const reader = await database.client()
    await reader.query(`set application_name = 'report'`)
    await reader.query('begin; select count(*) from orders')
    await reader.query('select pg_sleep(0.8)')
    const { run, seen, close } = await acquireOn(database)
    const acquired = run()
    await expect.poll(() => seen.waits.length, { timeout: 5_000 }).toBeGreaterThan(0)
    expect(seen.nowait).toBe(0)
    expect(seen.queued).toEqual([])
    expect(seen.waits[0]).toMatchObject({ application: 'report', state: 'idle in transaction', relation: 'public.orders', granted: true })
    await reader.query('commit')
    await acquired
    await close()
  })

  test('a prepared transaction, which has no backend, is seen and named', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    await client.query(`begin; update orders set id = 2; prepare transaction 'forgotten ${version}'`)
    await client.query('select pg_sleep(0.6)')
    const { run, close } = await acquireOn(database, { maxWaitMs: 300 })
    await expect(run()).rejects.toMatchObject({
      code: 'lock-not-had',
      details: { blockers: [{ pid: null, state: 'prepared transaction', query: `forgotten ${version}` }] },
    })
    await client.query(`rollback prepared 'forgotten ${version}'`)
    await close()
  })

  test('nobody queues behind a lone reader, however young it is', async () => {
    await using database = await freshDatabase(version, { setup })
    const reader = await database.client()
    await reader.query('begin; select count(*) from orders')
    let ended: Promise<unknown> | undefined
    const queued: number[] = []
    let tries = 0
    const { run, close } = await acquireOn(database, {
      onAttempt(how, waitMs) {
        if (how === 'queued') queued.push(waitMs)
        // The third burst: a tenth of a second or so.
        else if ((tries += 1) === 25) ended = reader.query('commit')
      },
    })
    expect((await run()).attempts).toBe(0)
    expect(queued).toEqual([])
    await ended
    await close()
  })

  test('where others have taken over from those who held it, it stands in the queue', async () => {
    await using database = await freshDatabase(version, { setup })
    const readers = [await database.client(), await database.client()] as const
    const begin = 'begin; select count(*) from orders'
    await readers[0].query(begin)
    let handing: Promise<unknown> = Promise.resolve()
    let tries = 0
    const { run, seen, close } = await acquireOn(database, {
      onAttempt(how, waitMs) {
        if (how === 'queued') seen.queued.push(waitMs)
        // One takes over from the other, without a gap; and at the first real attempt the last one leaves.
        tries += 1
        if (tries === 5) handing = readers[1].query(begin).then(() => readers[0].query('commit'))
        if (how === 'queued' && seen.queued.length === 1) handing = readers[1].query('commit')
      },
    })
    expect((await run()).attempts).toBe(1)
    expect(seen.queued).toEqual([10])
    await handing
    await close()
  })

  test('nobody waits behind it longer than the budget, and it gives up by attempts', async () => {
    await using database = await freshDatabase(version, { setup })
    const holder = await database.client()
    await holder.query('begin; select count(*) from orders')
    const { run, seen, close } = await acquireOn(database, { maxAttempts: 4, budgetMs: 60, look: async () => [] })
    await expect(run()).rejects.toMatchObject({ code: 'lock-not-had' })
    // Never the whole budget: those behind it need some of it to get through.
    expect(seen.queued).toEqual([10, 20, 40, 51])
    const { rows } = await holder.query(
      `select count(*)::int as columns from pg_attribute where attrelid = 'orders'::regclass and attnum > 0`,
    )
    expect(rows).toEqual([{ columns: 1 }])
    await close()
  })

  test('a referenced parent that may not be locked by name is locked by the statement itself', async () => {
    await using database = await freshDatabase(version, {
      setup: `${setup}; drop role if exists lk_child_${version}; create role lk_child_${version}; grant references, select on orders to lk_child_${version}; create schema child authorization lk_child_${version}`,
    })
    const work = await connect({ url: database.url, applicationName: 'lockkeeper', role: `lk_child_${version}` })
    await work.script(['create table child.lines (order_id int)'])
    const locks: readonly TableLock[] = [
      { relation: 'child.lines', mode: 'SHARE ROW EXCLUSIVE', blocksReads: false, blocksWrites: true },
      { relation: 'public.orders', mode: 'SHARE ROW EXCLUSIVE', blocksReads: false, blocksWrites: true },
    ]
    const statements = [
      'alter table child.lines add constraint lines_order_fk foreign key (order_id) references public.orders (id) not valid',
    ]
    await expect(work.attempt({ locks, how: 'nowait', waitMs: 0, statementTimeoutMs: 1_000, statements })).resolves.toMatchObject({
      kind: 'committed',
    })
    await work.close()
    const client = await database.client()
    await client.query(`drop schema child cascade; revoke all on orders from lk_child_${version}; drop role lk_child_${version}`)
  })
})
