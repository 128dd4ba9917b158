import type pg from 'pg'
import { expect, test } from 'vitest'
import type { Walk, Work } from '../../src/model/plan.ts'
import { backfillStore } from '../../src/postgres/backfill/store.ts'
import { connect } from '../../src/postgres/session.ts'
import { beforeBatch, fill, fillKey } from '../support/backfill.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const rows = 4_000
const setup = `create table t (id int primary key, a text, v text, n int not null default 0); insert into t select i, 'a' from generate_series(1, ${rows}) i`
const byKey: Walk = { by: 'key', columns: ['id'], types: ['integer'] }
const fillFromA: Work = { kind: 'update', relation: 'public.t', set: 'v = a, n = n + 1', where: 'v is null', falsifies: true }
const count: Work = { kind: 'update', relation: 'public.t', set: 'n = n + 1', where: 'true', falsifies: false }

async function one(client: pg.Client, sql: string): Promise<string | null | undefined> {
  return (await client.query<{ one: string | null }>(`select (${sql})::text as one`)).rows[0]?.one
}

const times = (client: pg.Client) =>
  one(client, `select json_object_agg(n, rows) from (select n, count(*) as rows from t group by n order by n) s`)
const once = `{ "1" : ${rows} }`

/** What a person does who has mended what was wrong. */
async function revive(url: string): Promise<void> {
  await using session = await connect({ url, applicationName: 'revive' })
  await backfillStore(session).revive(fillKey)
}

async function isWaiting(client: pg.Client): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from pg_stat_activity where application_name = 'lockkeeper' and datname = current_database() and wait_event_type = 'Lock'`,
  )
  return rowCount === 1
}

forEachVersion('a backfill whose new value is no better', (version) => {
  test.each([byKey, { by: 'pages' } as const])(
    'ends with the count and the keys, not in a loop, and goes on after mending ($by)',
    async (walk) => {
      await using database = await freshDatabase(version, { setup: `${setup}; update t set a = null where id in (7, 3900)` })
      const client = await database.client()
      await expect(fill(database.url, { work: fillFromA, walk })).rejects.toMatchObject({
        code: 'rows-still-match',
        message: expect.stringMatching(/^2 rows of public\.t, for example id (7|3900), id (7|3900) still match v is null/) as string,
        details: { rows: 2 },
      })
      expect(await one(client, 'select max(n) <= 10 from t')).toBe('true')
      await expect(fill(database.url, { work: fillFromA, walk })).rejects.toMatchObject({ code: 'step-failed' })
      await client.query(`update t set a = 'late' where a is null`)
      await revive(database.url)
      await fill(database.url, { work: fillFromA, walk })
      expect(await one(client, `select count(*) from t where v = 'late'`)).toBe('2')
      expect(await one(client, `select array_agg(distinct n) from t where v = 'a'`)).toBe('{1}')
      expect(await one(client, 'select count(*) from t where v is null')).toBe('0')
    },
  )

  test('since a trigger puts the old one back ends so too', async () => {
    const trigger = `create function back() returns trigger language plpgsql as 'begin if new.id % 1000 = 0 then new.v := old.v; end if; return new; end';
      create trigger back before update on t for each row execute function back()`
    await using database = await freshDatabase(version, { setup: `${setup}; ${trigger}` })
    await expect(fill(database.url, { work: fillFromA, walk: { by: 'pages' } })).rejects.toMatchObject({
      code: 'rows-still-match',
      details: { rows: 4 },
    })
    expect(await one(await database.client(), `select array_agg(distinct n) from t where v is not null`)).toBe('{1}')
    expect(await one(await database.client(), `select max(n) <= 10 from t where v is null`)).toBe('true')
  })

  test('since a trigger keeps rows from being changed at all ends after few sweeps', async () => {
    const trigger = `create function keep() returns trigger language plpgsql as 'begin return case when new.id % 1000 > 0 then new end; end';
      create trigger keep before update on t for each row execute function keep()`
    await using database = await freshDatabase(version, { setup: `${setup}; ${trigger}` })
    await expect(fill(database.url, { work: fillFromA, walk: byKey })).rejects.toMatchObject({
      code: 'rows-still-match',
      message: expect.stringMatching(/^4 rows of public\.t, for example id \d+, .* none of them can be changed/) as string,
    })
    const client = await database.client()
    expect(await one(client, 'select count(*) from t where n = 1')).toBe(`${rows - 4}`)
    expect(await one(client, 'select sweep from lockkeeper.backfill')).toBe('3')
  })

  test('for every row ends after some 10,000 of them', async () => {
    await using database = await freshDatabase(version, { setup: setup.replace(`${rows}`, '60000') })
    const work: Work = { ...fillFromA, set: 'v = null, n = n + 1' }
    await expect(fill(database.url, { work, walk: { by: 'pages' } })).rejects.toMatchObject({
      code: 'rows-still-match',
      message: expect.stringMatching(/^none of the first \d+ rows/) as string,
    })
    const changed = Number(await one(await database.client(), 'select sum(n) from t'))
    expect(changed).toBeGreaterThanOrEqual(10_000)
    expect(changed).toBeLessThan(20_000)
  })
})

forEachVersion('a backfill among locked rows', (version) => {
  test.each([
    ['by key, for each row once', count, byKey],
    ['by pages', fillFromA, { by: 'pages' } as const],
    ['of rows that go', { kind: 'delete', relation: 'public.t', where: 'n = 0', falsifies: true } as const, byKey],
  ])('does all others meanwhile, comes back to them, and is done when they are let go, %s', async (_, work, walk) => {
    await using database = await freshDatabase(version, { setup })
    const [holder, client] = [await database.client(), await database.client()]
    await holder.query('begin; select from t where id in (5, 2000, 3999) for update')
    let over = false
    const filling = fill(database.url, { work, walk }).then(() => (over = true))
    const left = 'select count(*) from t where n = 0 and v is null'
    await expect.poll(() => one(client, left), { timeout: 10_000 }).toBe('3')
    await expect.poll(() => one(client, `select count(*) from lockkeeper.backfill_chunk where not alone`), { timeout: 10_000 }).toBe('0')
    expect(over).toBe(false)
    await holder.query('commit')
    await filling
    expect(await times(client)).toBe(work.kind === 'delete' ? null : once)
  })

  test.each([byKey, { by: 'pages' } as const])(
    'waits for a transaction that has locked all of them, notes few of them, ends with lock-not-had, and goes on later ($by)',
    async (walk) => {
      await using database = await freshDatabase(version, { setup })
      const [holder, client] = [await database.client(), await database.client()]
      await holder.query('begin; select from t for update')
      const work = walk.by === 'key' ? count : fillFromA
      await expect(fill(database.url, { work, walk, job: { maxLockWaitMs: 700 } })).rejects.toMatchObject({ code: 'lock-not-had' })
      expect(Number(await one(client, 'select count(*) from lockkeeper.backfill_chunk'))).toBeLessThan(1_100)
      await holder.query('commit')
      await fill(database.url, { work, walk })
      expect(await times(client)).toBe(once)
    },
  )

  test('whose key a foreign key holds is come back to where the key itself is changed', async () => {
    await using database = await freshDatabase(version, {
      setup: `${setup}; create unique index on t (n, id); create table child (n int, t int, foreign key (n, t) references t (n, id)); insert into child select 0, 1 from t limit 0`,
    })
    const [holder, client] = [await database.client(), await database.client()]
    await holder.query('begin; select from t where id = 2000 for key share')
    const filling = fill(database.url, { work: count, walk: byKey })
    await expect.poll(() => one(client, 'select count(*) from t where n = 0'), { timeout: 5_000 }).toBe('1')
    await holder.query('commit')
    await filling
    expect(await times(client)).toBe(once)
  })

  test('gives way to an application that locks two rows in the other order', async () => {
    await using database = await freshDatabase(version, { setup })
    const [application, client] = [await database.client(), await database.client()]
    await application.query(`begin; update t set v = 'mine' where id = 100`)
    const filling = fill(database.url, { work: count, walk: byKey })
    await expect.poll(() => isWaiting(client), { interval: 1, timeout: 10_000 }).toBe(true)
    await application.query(`update t set v = 'mine' where id = 1`)
    await application.query('commit')
    await filling
    expect(await times(client)).toBe(once)
    expect(await one(client, `select count(*) from t where v = 'mine'`)).toBe('2')
  })

  test('takes batches of the old size again after rows that it came back to', async () => {
    await using database = await freshDatabase(version, { setup: setup.replace(`${rows}`, '60000') })
    const holder = await database.client()
    const sizes: number[] = []
    await holder.query('begin; select from t where id <= 60 for update')
    const job = beforeBatch(3, () => holder.query('commit'))
    await fill(database.url, {
      work: count,
      walk: byKey,
      job,
      definition: { batchTargetMs: 2 },
      onBatch: ({ rows: each }) => sizes.push(each),
    })
    expect(Math.max(...sizes)).toBeLessThan(10_000)
  })
})
