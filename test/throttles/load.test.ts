import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { activeSessions } from '../../src/throttles/active-sessions.ts'
import { deadTuples } from '../../src/throttles/dead-tuples.ts'
import { lockWaits } from '../../src/throttles/lock-waits.ts'
import { walRate } from '../../src/throttles/wal-rate.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { holds, letsGo, openThrottle, throttleSession } from '../support/throttles.ts'

const plain = 'create table orders (id int primary key, note text); insert into orders values (1), (2)'
const partitioned = `
  create table orders (id int primary key, note text) partition by range (id);
  create table orders_1 partition of orders for values from (0) to (1000000) with (autovacuum_enabled = off);
  create table orders_2 partition of orders for values from (1000000) to (2000000) with (autovacuum_enabled = off)`

forEachVersion('lock-waits', (version) => {
  test('holds while somebody waits for a lock on the table, and lets go once they have it', async () => {
    await using database = await freshDatabase(version, { setup: plain })
    await using session = await throttleSession(database.url)
    const [reader, ddl] = [await database.client(), await database.client()]
    const throttle = openThrottle(lockWaits, '50ms', { session })
    await reader.query('begin; select from orders')
    expect((await throttle.read()).load).toBe(0)
    await ddl.query(`set application_name = 'deploy'`)
    const waiting = ddl.query('alter table orders add column a int')
    expect(await holds(throttle)).toMatch(/^pid \d+ \(deploy\) waits for a lock on orders, for \d+ ms \(limit 50 ms\)$/)
    expect((await openThrottle(lockWaits, '1h', { session }).read()).load).toBeLessThan(1)
    await reader.query('commit')
    await waiting
    expect(await letsGo(throttle)).toBe('nobody waits for public.orders')
    await ddl.query(`set application_name = 'lockkeeper'`)
    await reader.query('begin; select from orders')
    const ours = ddl.query('alter table orders add column b int')
    const waits = `select count(*)::int as n from pg_locks where not granted and relation = 'orders'::regclass`
    await expect.poll(async () => (await session.query(waits))[0]?.['n']).toBe(1)
    expect((await throttle.read()).load).toBe(0)
    await reader.query('commit')
    await ours
  })

  test('holds while somebody waits for a lock on a partition, and not for one on another table', async () => {
    await using database = await freshDatabase(version, { setup: `${partitioned}; create table other (id int)` })
    await using session = await throttleSession(database.url)
    const [reader, ddl] = [await database.client(), await database.client()]
    const throttle = openThrottle(lockWaits, '1ms', { session })
    await reader.query('begin; lock table orders_2, other in access share mode')
    const other = ddl.query('truncate other').catch(() => undefined)
    await expect.poll(async () => (await session.query('select from pg_locks where not granted')).length).toBe(1)
    await sleep(20)
    expect((await throttle.read()).load).toBe(0)
    await session.cancel(Number((await session.query('select pid from pg_locks where not granted'))[0]?.['pid']))
    await other
    const waiting = ddl.query('truncate orders_2')
    expect(await holds(throttle)).toContain('waits for a lock on orders_2, for')
    await reader.query('commit')
    await waiting
    await letsGo(throttle)
  })

  test('holds while two wait for a row of the table, whoever has it', async () => {
    await using database = await freshDatabase(version, { setup: `${plain}; drop role if exists shy; create role shy` })
    await using session = await throttleSession(database.url)
    const [owner, first, second] = [await database.client(), await database.client(), await database.client()]
    const throttle = openThrottle(lockWaits, '20ms', { session })
    await owner.query(`begin; update orders set note = 'x' where id = 1`)
    const one = first.query(`update orders set note = 'y' where id = 1`)
    expect(await holds(throttle)).toMatch(/waits for a row of public\.orders, for \d+ ms \(limit/)
    await session.query('set role shy')
    expect(await holds(throttle)).toContain(version >= 14 ? 'public.orders, for ' : 'public.orders, nobody may see since when')
    await session.query('reset role')
    const two = second.query(`update orders set note = 'z' where id = 1`)
    await expect.poll(async () => (await throttle.read()).reason).toContain(', and 1 more')
    await owner.query('commit')
    await Promise.all([one, two])
    await letsGo(throttle)
  })

  test('holds for one who waits for a transaction of ours without a row, and not for us', async () => {
    await using database = await freshDatabase(version, { setup: plain })
    await using session = await throttleSession(database.url)
    const [worker, application] = [await database.client(), await database.client()]
    const pid = Number((await worker.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid)
    const withOurs = openThrottle(lockWaits, '1ms', { session, ours: () => [pid] })
    await worker.query('begin; insert into orders values (3)')
    const waiting = application.query('insert into orders values (3) on conflict do nothing')
    expect(await holds(withOurs)).toContain('waits for a row')
    await worker.query('commit')
    await waiting
    await letsGo(withOurs)
    await application.query('begin; update orders set id = id')
    const own = worker.query('update orders set id = id')
    await holds(openThrottle(lockWaits, '1ms', { session }))
    expect((await withOurs.read()).load).toBe(0)
    await application.query('commit')
    await own
  })
})

forEachVersion('active-sessions', (version) => {
  test('holds while so many sessions are at a statement, idle ones and ours not counted', async () => {
    await using database = await freshDatabase(version)
    await using session = await throttleSession(database.url)
    const [idle, ...sleepers] = [await database.client(), await database.client(), await database.client()]
    await idle.query('select 1')
    const pids = await Promise.all(
      sleepers.map(async (client) => (await client.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0),
    )
    const worker = await database.client()
    await worker.query(`set application_name = 'lockkeeper'`)
    const working = worker.query('select pg_sleep(60)').catch(() => undefined)
    const throttle = openThrottle(activeSessions, '2', { session })
    expect((await throttle.read()).load).toBe(0)
    const sleeping = Promise.all(sleepers.map((client) => client.query('select pg_sleep(60)').catch(() => undefined)))
    expect(await holds(throttle)).toBe('2 sessions are active (limit 2)')
    expect((await openThrottle(activeSessions, '3', { session }).read()).load).toBeCloseTo(2 / 3)
    expect((await openThrottle(activeSessions, '1', { session, ours: () => pids }).read()).load).toBe(0)
    await Promise.all(pids.map((pid) => session.cancel(pid)))
    await sleeping
    await letsGo(throttle)
    await session.query(
      `select pg_cancel_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'lockkeeper'`,
    )
    await working
  })

  test('holds where sessions are hidden from the role, and says which right shows them', async () => {
    await using database = await freshDatabase(version, { setup: `drop role if exists shy; create role shy` })
    await using session = await throttleSession(database.url)
    const throttle = openThrottle(activeSessions, '1000', { session })
    const other = await database.client()
    await other.query('select 1')
    await session.query('set role shy')
    expect(await holds(throttle)).toMatch(/^\d+ sessions cannot be seen: role shy .*grant pg_monitor to it/)
    await other.query('grant pg_monitor to shy')
    await letsGo(throttle)
    await other.query('revoke pg_monitor from shy; drop owned by shy')
  })
})

/** In a session that ends: one that is idle afterwards keeps its counters for 10 s, or before 15 until its next statement. */
async function alone(database: TestDatabase, sql: string): Promise<void> {
  const client = await database.client()
  await client.query(sql)
  await client.end()
}

forEachVersion('dead-tuples', (version) => {
  test('holds while a partition is full of dead rows, and lets go after vacuum', async () => {
    const rows = 'insert into orders select i * 1000000 + n from generate_series(1, 5000) n, generate_series(0, 1) i'
    await using database = await freshDatabase(version, { setup: `${partitioned}; ${rows}` })
    await using session = await throttleSession(database.url)
    const client = await database.client()
    const throttle = openThrottle(deadTuples, '20%', { session })
    expect((await throttle.read()).load).toBe(0)
    await alone(database, 'update orders set note = 1 where id < 1000000')
    const reason = await holds(throttle)
    expect(reason).toBe('5,000 of 10,000 rows of orders_1 are dead: 50 % (limit 20 %); autovacuum is off for it')
    expect((await openThrottle(deadTuples, '51%', { session }).read()).load).toBeLessThan(1)
    await client.query('alter table orders_1 reset (autovacuum_enabled); alter table orders_1 set (autovacuum_vacuum_threshold = 70000)')
    expect((await throttle.read()).reason).toContain('; autovacuum begins at 70,000')
    await client.query('alter table orders_1 set (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)')
    await client.query('vacuum orders_1')
    expect(await letsGo(throttle)).toBe('public.orders has less than 1,000 dead rows')
  })

  test('tells that vacuum is at it', async () => {
    await using database = await freshDatabase(version, {
      setup: `${plain}; alter table orders set (autovacuum_enabled = off); insert into orders select n from generate_series(3, 30000) n`,
    })
    await using session = await throttleSession(database.url)
    const client = await database.client()
    await alone(database, 'update orders set note = 1')
    const throttle = openThrottle(deadTuples, '20%', { session })
    await holds(throttle)
    await client.query('set vacuum_cost_delay = 100; set vacuum_cost_limit = 1')
    const vacuum = client.query('vacuum orders').catch(() => undefined)
    await expect.poll(async () => (await throttle.read()).reason).toContain('; vacuum works on it now (')
    await session.query(`select pg_cancel_backend(pid) from pg_stat_progress_vacuum`)
    await vacuum
  })
})

forEachVersion('wal-rate', (version) => {
  test('holds while much WAL is written, and lets go when its mean falls below the limit', async () => {
    await using database = await freshDatabase(version, { setup: 'create table filler (t text)' })
    await using session = await throttleSession(database.url)
    const client = await database.client()
    const throttle = openThrottle(walRate, '1MB/s', { session })
    expect(await holds(throttle)).toBe('the first reading is no rate yet')
    await letsGo(throttle)
    await client.query(`insert into filler select repeat('x', 1000) from generate_series(1, 4000)`)
    expect(await holds(throttle)).toMatch(/^the server writes \S+ MB\/s of WAL, mean of \d+ s \(limit 1 MB\/s\)$/)
    await letsGo(throttle)
  })
})
