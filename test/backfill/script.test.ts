import type pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import type { Walk, Work } from '../../src/model/plan.ts'
import { backfillScript } from '../../src/plan/backfill-script.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const rows = 5_000
const setup = `CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 0, b text, at timestamptz);
INSERT INTO t SELECT i FROM generate_series(1, ${rows}) i;`

const fill: Work = { kind: 'update', relation: 'public.t', set: `b = 'x', at = {now}, n = n + 1`, where: 'b IS NULL', falsifies: true }
const count: Work = { kind: 'update', relation: 'public.t', set: 'n = t.n + 1', where: 'id > 0', falsifies: false }
const byId: Walk = { by: 'key', columns: ['id'], types: ['integer'] }
const byPages: Walk = { by: 'pages' }

beforeAll(() => postgres.load())

function scriptFor(version: number, work: Work, walk: Walk): readonly string[] {
  const script = backfillScript({ work, walk, name: `m1 "1$lk"`, batchTargetMs: 2, version }, postgresDialect)
  return postgres.parse(Buffer.from(script)).map(({ sql }) => sql)
}

async function send(client: pg.Client, statements: readonly string[]): Promise<void> {
  for (const sql of statements) await client.query(sql)
}

async function one<Value>(client: pg.Client, sql: string, values: readonly unknown[] = []): Promise<Value> {
  const { rows: found } = await client.query<{ value: Value }>(sql, [...values])
  return (found[0] as { readonly value: Value }).value
}

/** Until the session waits for a row that somebody else holds. */
async function waits(client: pg.Client, pid: number): Promise<void> {
  const sql = `SELECT count(*)::int AS value FROM pg_locks WHERE pid = $1 AND NOT granted`
  await expect.poll(() => one<number>(client, sql, [pid]), { timeout: 20_000, interval: 5 }).toBe(1)
}

/** Until the session has given up to wait, and is to try again. */
async function stepsBack(client: pg.Client): Promise<void> {
  const sql = `SELECT count(*)::int AS value FROM pg_stat_activity WHERE query ~ '^CALL' AND wait_event = 'PgSleep'`
  await expect.poll(() => one<number>(client, sql), { timeout: 20_000, interval: 5 }).toBe(1)
}

async function leftovers(client: pg.Client): Promise<number> {
  return await one<number>(
    client,
    `SELECT ((SELECT count(*) FROM pg_proc WHERE proname ~ '^_lk_') + (SELECT count(*) FROM pg_class WHERE relname ~ '^_lk_'))::int AS value`,
  )
}

interface Stuck {
  readonly holder: pg.Client
  readonly other: pg.Client
  readonly run: Promise<unknown>
}

/** A script under way, behind a row in the middle of the table that another session holds. */
async function stuckAt(database: TestDatabase, row: number, statements: readonly string[]): Promise<Stuck> {
  const [client, holder, other] = [await database.client(), await database.client(), await database.client()]
  await holder.query('BEGIN')
  await holder.query('SELECT FROM t WHERE id = $1 FOR UPDATE', [row])
  const run = send(client, statements).catch((error: unknown) => error)
  await waits(other, await pidWhenActive(other))
  return { holder, other, run }
}

async function pidWhenActive(client: pg.Client): Promise<number> {
  const sql = `SELECT coalesce(max(pid), 0) AS value FROM pg_stat_activity WHERE query ~ '^CALL' AND state = 'active'`
  await expect.poll(() => one<number>(client, sql), { timeout: 20_000, interval: 5 }).toBeGreaterThan(0)
  return await one<number>(client, sql)
}

forEachVersion('a script of batches', (version) => {
  test.each<[string, Work, Walk]>([
    ['by pages', fill, byPages],
    ['by key', fill, byId],
    ['by key, once', count, byId],
    ['by key, once, from the end', count, { ...byId, descending: true }],
  ])('%s: it waits for a locked row without holding those of earlier batches, and changes each row once', async (_, work, walk) => {
    await using database = await freshDatabase(version, { setup })
    const { holder, other, run } = await stuckAt(database, rows / 2, scriptFor(version, work, walk))
    const changed = await one<number>(other, 'SELECT coalesce(min(id), 0) AS value FROM t WHERE n = 1')
    expect(changed).toBeGreaterThan(0)
    await other.query(`SET lock_timeout = '1s'`)
    await other.query('UPDATE t SET at = at WHERE id = $1', [changed])
    await stepsBack(other)
    await holder.query('ROLLBACK')
    expect(await run).toBeUndefined()
    expect(await one(other, 'SELECT array_agg(DISTINCT n) AS value FROM t')).toEqual([1])
    expect(await one(other, 'SELECT count(DISTINCT at)::int AS value FROM t')).toBe(work === fill ? 1 : 0)
    expect(await leftovers(other)).toBe(0)
  })

  test.each<[string, Work, Walk]>([
    ['by pages', fill, byPages],
    ['by key', fill, byId],
    ['by key, once', count, byId],
  ])('%s: killed in the middle and run again, it changes each row once', async (_, work, walk) => {
    await using database = await freshDatabase(version, { setup })
    const statements = scriptFor(version, work, walk)
    const { holder, other, run } = await stuckAt(database, rows / 2, statements)
    await other.query('SELECT pg_terminate_backend($1)', [await pidWhenActive(other)])
    expect(await run).toMatchObject({ message: expect.stringMatching(/terminat/) })
    const before = await one<number>(other, 'SELECT sum(n)::int AS value FROM t')
    expect(before).toBeGreaterThan(0)
    expect(before).toBeLessThan(rows)
    await holder.query('ROLLBACK')
    await send(await database.client(), statements)
    expect(await one(other, 'SELECT array_agg(DISTINCT n) AS value FROM t')).toEqual([1])
    expect(await leftovers(other)).toBe(0)
  })

  test.each<[string, Walk]>([
    ['by pages', byPages],
    ['by key', byId],
  ])('%s: a new value that is no better ends it, with the number of rows', async (_, walk) => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const work: Work = { kind: 'update', relation: 'public.t', set: 'b = CASE WHEN n > 0 THEN b END', where: 'b IS NULL', falsifies: true }
    await expect(send(client, scriptFor(version, work, walk))).rejects.toThrow(
      /^[1-9]\d* of [1-9]\d* rows of public\.t still match after the change: b IS NULL$/,
    )
  })

  test('a second session that runs it at the same time changes no row once more', async () => {
    await using database = await freshDatabase(version, { setup })
    const statements = scriptFor(version, count, byId)
    const { holder, other, run } = await stuckAt(database, rows / 2, statements)
    const rival = await database.client()
    const second = send(rival, statements).catch((error: unknown) => error)
    await expect
      .poll(() => one<number>(other, `SELECT count(*)::int AS value FROM pg_stat_activity WHERE query ~ '^CALL' AND state = 'active'`))
      .toBe(2)
    await holder.query('ROLLBACK')
    expect(await Promise.all([run, second])).toContainEqual(undefined)
    expect(await one(other, 'SELECT array_agg(DISTINCT n) AS value FROM t')).toEqual([1])
    // Who lost keeps the procedure as long as the session.
    await rival.end()
    await expect.poll(() => leftovers(other)).toBe(0)
  })

  test('it refuses to run inside a transaction, or in one message', async () => {
    await using database = await freshDatabase(version, { setup })
    const client = await database.client()
    const statements = scriptFor(version, fill, byPages)
    await expect(send(client, ['BEGIN', ...statements])).rejects.toMatchObject({ code: '25001', message: /inside a transaction block/ })
    await client.query('ROLLBACK')
    await expect(client.query(statements.join(';\n'))).rejects.toMatchObject({ code: '25001' })
    expect(await one(client, 'SELECT sum(n)::int AS value FROM t')).toBe(0)
  })

  test('names, texts and keys of several columns mean what they say', async () => {
    const odd = `CREATE TABLE "wei""rd t\n%s" ("A $1 b" text COLLATE "C", "c""d" timestamptz, "v$lk$" text, PRIMARY KEY ("A $1 b", "c""d"));
INSERT INTO "wei""rd t\n%s" SELECT chr(65 + i % 50) || '\\', timestamptz '2026-01-01' + i * interval '1 s', 'q' FROM generate_series(0, 2999) i;`
    await using database = await freshDatabase(version, { setup: odd })
    const client = await database.client()
    const relation = postgresDialect.name('public', 'wei"rd t\n%s')
    const walk: Walk = { by: 'key', columns: ['A $1 b', 'c"d'], types: ['text', 'timestamp with time zone'] }
    const set = `"v$lk$" = "wei""rd t\n%s"."v$lk$" || '\n$lk$ %''\\' || ({now})::date`
    await send(client, scriptFor(version, { kind: 'update', relation, set, where: 'true', falsifies: false }, walk))
    await send(client, scriptFor(version, { kind: 'delete', relation, where: `"A $1 b" = E'B\\\\'`, falsifies: true }, byPages))
    const { rows: found } = await client.query(
      `SELECT count(*)::int AS n, min("v$lk$") = 'q\n$lk$ %''\\' || current_date AS low, max("v$lk$") = min("v$lk$") AS same FROM "wei""rd t\n%s"`,
    )
    expect(found).toEqual([{ n: 2_940, low: true, same: true }])
    expect(await leftovers(client)).toBe(0)
  })

  test('each partition is walked, whatever its columns and names', async () => {
    const parted = `CREATE TABLE p (a int, b text, c text) PARTITION BY RANGE (a);
CREATE TABLE "p 1" PARTITION OF p FOR VALUES FROM (0) TO (2000) PARTITION BY LIST (c);
CREATE SCHEMA "s t"; CREATE TABLE "s t"."p'1x" PARTITION OF "p 1" DEFAULT;
CREATE TABLE p2 (c text, b text, a int); ALTER TABLE p ATTACH PARTITION p2 DEFAULT;
CREATE TABLE empty PARTITION OF p FOR VALUES FROM (-10) TO (0);
INSERT INTO p SELECT i, CASE WHEN i % 3 = 0 THEN 'x' END, i FROM generate_series(1, 4000) i;`
    await using database = await freshDatabase(version, { setup: parted })
    const client = await database.client()
    const work: Work = { kind: 'update', relation: 'public.p', set: `b = p.c || 'v'`, where: 'p.b IS NULL', falsifies: true }
    await send(client, scriptFor(version, work, byPages))
    expect(await one(client, `SELECT count(*)::int AS value FROM p WHERE b = c || 'v'`)).toBe(2_667)
    expect(await one(client, `SELECT count(*)::int AS value FROM p`)).toBe(4_000)
  })

  test('rows are copied once, and what is there stays', async () => {
    await using database = await freshDatabase(version, {
      setup: `${setup} CREATE TABLE u (id int PRIMARY KEY, b text); INSERT INTO u VALUES (7, 'mine');`,
    })
    const client = await database.client()
    const work: Work = {
      kind: 'insert',
      relation: 'public.t',
      target: 'public.u',
      into: 'INSERT INTO public.u (id, b)',
      select: `t.id, 'copied'`,
      where: 'id % 2 = 1',
      conflict: 'ON CONFLICT (id) DO NOTHING',
      falsifies: false,
    }
    await send(client, scriptFor(version, work, byId))
    const { rows: found } = await client.query('SELECT b, count(*)::int AS n FROM u GROUP BY b ORDER BY b')
    expect(found).toEqual([
      { b: 'copied', n: rows / 2 - 1 },
      { b: 'mine', n: 1 },
    ])
    expect(await leftovers(client)).toBe(0)
  })

  test('an empty table has nothing to do', async () => {
    await using database = await freshDatabase(version, { setup: 'CREATE TABLE t (id int PRIMARY KEY, n int, b text, at timestamptz)' })
    const client = await database.client()
    for (const [work, walk] of [
      [fill, byPages],
      [fill, byId],
      [count, byId],
    ] as const)
      await send(client, scriptFor(version, work, walk))
    expect(await leftovers(client)).toBe(0)
  })

  test('the place of another change is not taken for its own', async () => {
    await using database = await freshDatabase(version, { setup })
    const { holder, other, run } = await stuckAt(database, rows / 2, scriptFor(version, count, byId))
    await other.query('SELECT pg_terminate_backend($1)', [await pidWhenActive(other)])
    await run
    await holder.query('ROLLBACK')
    await expect(send(other, scriptFor(version, { ...count, set: 'n = t.n + 2' }, byId))).rejects.toThrow('the place of another change')
  })
})
