import { expect, test } from 'vitest'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import type { FillJob } from '../support/backfill.ts'
import { fill } from '../support/backfill.ts'

const nothingNull = { kind: 'update', set: `v = 'x'`, where: 'v is null', falsifies: true } as const

forEachVersion('backfill', (version) => {
  test('a composite key of hostile names is walked in order, each row once', async () => {
    const table = '"wei""rd t"'
    await using database = await freshDatabase(version, {
      setup: `create table ${table} ("A b" text, "c""d" timestamptz, n int not null default 0, primary key ("A b", "c""d"));
        insert into ${table} select 'k''' || (i % 7), timestamptz '2026-01-01 00:00:00.123456+02' + i * interval '1 minute' from generate_series(1, 3000) i`,
    })
    const work = { kind: 'update', relation: `public.${table}`, set: 'n = n + 1', where: 'true', falsifies: false } as const
    const done = await fill(database.url, {
      work,
      walk: { by: 'key', columns: ['A b', 'c"d'], types: ['text', 'timestamp with time zone'] },
    })
    expect(done.rows).toBe(3_000)
    expect(done.batches).toBeGreaterThan(2)
    const client = await database.client()
    expect((await client.query(`select n, count(*)::int as rows from ${table} group by n`)).rows).toEqual([{ n: 1, rows: 3_000 }])
  })

  test('a table without a key is walked by pages until nothing is left', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id int, v text); insert into t select i, null from generate_series(1, 20000) i`,
    })
    const done = await fill(database.url, { work: { ...nothingNull, relation: 'public.t' }, walk: { by: 'pages' } })
    expect(done.rows).toBe(20_000)
    const client = await database.client()
    expect((await client.query('select count(*)::int as n from t where v is null')).rows).toEqual([{ n: 0 }])
  })

  test('a row that the application holds locked delays it, and neither the rows behind it nor the application fail', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id int primary key, v text); insert into t select i, null from generate_series(1, 2000) i`,
    })
    const holder = await database.client()
    await holder.query('begin; select * from t where id = 500 for update')
    let filled = false
    const filling = fill(database.url, {
      work: { ...nothingNull, relation: 'public.t' },
      walk: { by: 'key', columns: ['id'], types: ['integer'] },
    }).then((done) => {
      filled = true
      return done
    })
    const client = await database.client()
    await expect
      .poll(async () => (await client.query<{ v: string | null }>('select v from t where id = 100')).rows[0]?.v, { timeout: 10_000 })
      .toBe('x')
    await holder.query('update t set v = $1 where id = 500', ['mine'])
    expect(filled).toBe(false)
    await holder.query('commit')
    expect((await filling).rows).toBe(1_999)
  })

  test('a row locked for longer than allowed ends it with lock-not-had, and a second run goes on from its checkpoint', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id int primary key, v int not null default 0); insert into t select i from generate_series(1, 2000) i`,
    })
    const job: FillJob = {
      work: { kind: 'update', relation: 'public.t', set: 'v = v + 1', where: 'true', falsifies: false },
      walk: { by: 'key', columns: ['id'], types: ['integer'] },
    }
    const holder = await database.client()
    await holder.query('begin; select * from t where id = 900 for update')
    await expect(fill(database.url, { ...job, job: { maxLockWaitMs: 2_500 } })).rejects.toMatchObject({
      code: 'lock-not-had',
      message: expect.stringMatching(
        /rows of public\.t have stayed locked .* pid \d+, postgres, idle in transaction.*for update/,
      ) as string,
    })
    await holder.query('commit')
    expect((await fill(database.url, job)).rows).toBe(2_000)
    const client = await database.client()
    expect((await client.query('select v, count(*)::int as n from t group by v')).rows).toEqual([{ v: 1, n: 2_000 }])
  })

  test('a row written behind the bound while it runs is swept up', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id int primary key, v text); insert into t select i, null from generate_series(1, 5000) i`,
    })
    const writer = await database.client()
    let writing: Promise<unknown> | undefined
    const late = (): void => void (writing ??= writer.query('insert into t values (5001, null)'))
    const done = await fill(database.url, {
      work: { ...nothingNull, relation: 'public.t' },
      walk: { by: 'key', columns: ['id'], types: ['integer'] },
      onBatch: late,
    })
    await writing
    expect(done.rows).toBe(5_001)
  })

  test('a delete takes all that match and nothing else', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id bigint primary key, v int); insert into t select i * 10000000000, i % 4 from generate_series(1, 4000) i`,
    })
    const done = await fill(database.url, {
      work: { kind: 'delete', relation: 'public.t', where: 'v = 3', falsifies: true },
      walk: { by: 'key', columns: ['id'], types: ['bigint'] },
    })
    expect(done.rows).toBe(1_000)
    const client = await database.client()
    expect((await client.query('select count(*)::int as n from t')).rows).toEqual([{ n: 3_000 }])
  })
})
