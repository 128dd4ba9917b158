import { expect, test } from 'vitest'
import type { Wanted } from '../../src/model/backfill.ts'
import type { Walk, Work } from '../../src/model/plan.ts'
import type { Reading } from '../../src/model/throttle.ts'
import { backfillStore } from '../../src/postgres/backfill/store.ts'
import { connect } from '../../src/postgres/session.ts'
import { beforeBatch, fill, fillKey, type FillJob } from '../support/backfill.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const rows = 6_000
const setup = `create table t (id int primary key, v text, n int not null default 0); insert into t select i from generate_series(1, ${rows}) i`
const byKey: Walk = { by: 'key', columns: ['id'], types: ['integer'] }
const count: Work = { kind: 'update', relation: 'public.t', set: 'n = n + 1', where: 'true', falsifies: false }
const filling: Work = { kind: 'update', relation: 'public.t', set: `v = 'x', n = n + 1`, where: 'v is null', falsifies: true }
const job: FillJob = { work: count, walk: byKey }

async function want(database: TestDatabase, wanted: Wanted): Promise<void> {
  await using session = await connect({ url: database.url, applicationName: 'another terminal' })
  expect(await backfillStore(session).want(fillKey, wanted)).toBe(true)
}

async function revive(database: TestDatabase): Promise<void> {
  await using session = await connect({ url: database.url, applicationName: 'another terminal' })
  await backfillStore(session).revive(fillKey)
}

async function counts(database: TestDatabase): Promise<readonly unknown[]> {
  const client = await database.client()
  return (await client.query('select n, count(*)::int as rows from t group by n')).rows
}

const once = [{ n: 1, rows }]

/** 'done', or the code of what it threw. */
function endOf(running: Promise<unknown>): Promise<string> {
  return running.then(
    () => 'done',
    (error: unknown) => (error as { readonly code: string }).code,
  )
}

/** Reasons why it was held, and how to wait for one. */
function reasons() {
  const heard: string[] = []
  const listener = (onBatch: () => void) => ({
    onBatch,
    onHeld: ({ reason }: { reason: string }) => void heard.push(reason),
    onNotice: () => undefined,
  })
  const said = (reason: RegExp) => expect.poll(() => heard.some((each) => reason.test(each)), { timeout: 10_000 }).toBe(true)
  return { listener, said }
}

forEachVersion('a backfill that people steer', (version) => {
  test('stops after the batch when paused, changes nothing meanwhile, and goes on when resumed', async () => {
    await using database = await freshDatabase(version, { setup })
    const { listener, said } = reasons()
    let batches = 0
    const running = fill(database.url, {
      ...job,
      job: { ...beforeBatch(3, () => want(database, 'pause')), listener: listener(() => (batches += 1)) },
    })
    await said(/^paused/)
    expect(batches).toBe(3)
    await want(database, 'run')
    await running
    expect(await counts(database)).toEqual(once)
  })

  test.each(['in the middle', 'before the first batch'])(
    'ends when cancelled %s, and goes on from there when it is run again',
    async (when) => {
      await using database = await freshDatabase(version, { setup })
      const cancelled = fill(database.url, { ...job, job: beforeBatch(when === 'in the middle' ? 3 : 1, () => want(database, 'cancel')) })
      await expect(cancelled).rejects.toMatchObject({ code: 'backfill-stopped' })
      await revive(database)
      await fill(database.url, job)
      expect(await counts(database)).toEqual(once)
    },
  )

  test('is paused, resumed and cancelled while a throttle holds it', async () => {
    await using database = await freshDatabase(version, { setup })
    const { listener, said } = reasons()
    let [reading, asked]: [Reading | undefined, number] = [undefined, 0]
    const hold = async (): Promise<Reading | undefined> => {
      asked += 1
      if (asked === 3) reading = { reason: 'the standby is behind' } as Reading
      return await Promise.resolve(reading)
    }
    const running = fill(database.url, { ...job, job: { hold, listener: listener(() => undefined) } })
    const ended = endOf(running)
    await said(/standby/)
    const client = await database.client()
    expect((await client.query('select held from lockkeeper.backfill_chunk')).rows).toEqual([{ held: 'the standby is behind' }])
    await want(database, 'pause')
    await said(/^paused/)
    await want(database, 'run')
    await expect
      .poll(async () => (await client.query('select held from lockkeeper.backfill_chunk where held is not null')).rowCount)
      .toBe(1)
    await want(database, 'cancel')
    expect(await ended).toBe('backfill-stopped')
    await revive(database)
    await fill(database.url, job)
    expect(await counts(database)).toEqual(once)
  })

  test.each([
    ['cancel', 'backfill-stopped', 1],
    ['pause', 'done', 0],
  ] as const)('hears a %s that is said while it looks at what is left', async (wanted, end, left) => {
    await using database = await freshDatabase(version, { setup })
    const [gate, client] = [await database.client(), await database.client()]
    await gate.query('select pg_advisory_lock(7)')
    const { listener, said } = reasons()
    const verify = 'select 1 where pg_advisory_xact_lock_shared(7) is null'
    const job = { leaseMs: 400, listener: listener(() => undefined) }
    const ended = endOf(fill(database.url, { work: filling, walk: byKey, definition: { verify }, job }))
    const waiting = `select from pg_locks where locktype = 'advisory' and not granted`
    await expect.poll(async () => (await client.query(waiting)).rowCount, { timeout: 10_000 }).toBe(1)
    await want(database, wanted)
    await client.query('insert into t values (0, null)')
    await gate.query('select pg_advisory_unlock(7)')
    if (wanted === 'pause') {
      await said(/^paused/)
      await want(database, 'run')
    }
    expect(await ended).toBe(end)
    expect((await client.query('select from t where v is null')).rowCount).toBe(left)
  })

  test('is shared by workers in a database whose transactions are serializable by default', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    await client.query(`alter database ${database.name} set default_transaction_isolation = 'serializable'`)
    await Promise.all([1, 2, 3].map(() => fill(database.url, { ...job, definition: { batchTargetMs: 1 } })))
    expect(await counts(database)).toEqual(once)
  })

  test('keeps the lease of its last look for as long as the look takes', async () => {
    await using database = await freshDatabase(version, { setup })
    const verify = 'select 1 from pg_sleep(1.2) offset 1'
    const slow: FillJob = {
      work: filling,
      walk: byKey,
      definition: { verify },
      job: { leaseMs: 400 },
    }
    await Promise.all([fill(database.url, slow), fill(database.url, slow)])
    const client = await database.client()
    expect((await client.query('select sweep, done from lockkeeper.backfill')).rows).toEqual([{ sweep: 1, done: true }])
  })
})

forEachVersion('before the first row a backfill', (version) => {
  const touch = `create function touch() returns trigger language plpgsql as 'begin new.n := new.n + 10; return new; end'; create trigger touch before update on t for each row execute function touch()`

  test.each([
    ['fire', 11],
    ['skip', 1],
  ] as const)('says that triggers are there, and lets them %s', async (triggers, n) => {
    await using database = await freshDatabase(version, { setup: `${setup}; ${touch}` })
    const { notices } = await fill(database.url, { ...job, definition: { triggers } })
    expect(notices).toEqual([expect.stringContaining('public.t has triggers that each changed row fires: touch')])
    expect(await counts(database)).toEqual([{ n, rows }])
  })

  test('stops where it was told to stop at triggers, of a partition too', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id int, v text, n int not null default 0) partition by range (id); create table t1 partition of t default; ${touch.replace('on t for', 'on t1 for')}; insert into t values (1)`,
    })
    await expect(fill(database.url, { ...job, definition: { triggers: 'stop' } })).rejects.toMatchObject({ code: 'backfill-refused' })
    expect(await counts(database)).toEqual([{ n: 0, rows: 1 }])
  })

  test('says which publications send its rows on', async () => {
    await using database = await freshDatabase(version, { setup: `${setup}; create publication news for table t` })
    const { notices } = await fill(database.url, job)
    expect(notices).toEqual([expect.stringContaining('public.t is published (news)')])
  })

  test.each(['t', 't1'])('is refused where row security of %s hides rows from it', async (table) => {
    const role = `limited_${version}_${table}`
    await using database = await freshDatabase(version, {
      setup: `create role ${role} login; create table t (id int, v text, n int not null default 0) partition by range (id); create table t1 partition of t default;
        insert into t values (1), (2); alter table ${table} enable row level security; create policy some_rows on ${table} using (id > 1);
        grant all on t, t1 to ${role}; do $$ begin execute 'grant create on database ' || current_database() || ' to ${role}'; end $$`,
    })
    const url = new URL(database.url)
    url.username = role
    const pages = { work: filling, walk: { by: 'pages' } } as const
    await expect(fill(url.toString(), pages)).rejects.toMatchObject({ code: 'backfill-refused' })
    expect(await counts(database)).toEqual([{ n: 0, rows: 2 }])
  })
})
