import pg from 'pg'
import { describe, expect, test } from 'vitest'
import { startPostgres } from '../../src/embedded/start.ts'
import { connect } from '../../src/postgres/session.ts'
import { journal } from '../../src/postgres/journal.ts'
import { beforeBatch, fill, type FillJob } from '../support/backfill.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { standbyOf } from '../support/standby.ts'

const rows = 8_000
const setup = `create table t (id int primary key, v text, n int not null default 0); insert into t select i from generate_series(1, ${rows}) i`
const counting: FillJob = {
  work: { kind: 'update', relation: 'public.t', set: 'n = n + 1', where: 'true', falsifies: false },
  walk: { by: 'key', columns: ['id'], types: ['integer'] },
}
const filling: FillJob = {
  work: { kind: 'update', relation: 'public.t', set: `v = 'x', n = n + 1`, where: 'v is null', falsifies: true },
  walk: { by: 'pages' },
}
const once = [{ n: 1, rows }]

async function ask(url: string, sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const counts = (url: string) => ask(url, 'select n, count(*)::int as rows from t group by n')

describe('a backfill whose server', () => {
  test.each([
    ['is restarted, by key', 'fast', counting],
    ['is restarted, by pages', 'fast', filling],
    ['crashes, by key', 'immediate', counting],
  ] as const)('%s in the middle fails, and the same worker goes on, each row once', async (_, mode, job) => {
    await using server = await startPostgres({ version: 18 })
    await ask(server.url, setup)
    const owner = 'test:1#same'
    const failed = fill(server.url, { ...job, job: { owner, ...beforeBatch(4, () => server.restart(mode)) } })
    await expect(failed).rejects.toMatchObject({ code: 'connection-lost' })
    const [left] = (await ask(server.url, 'select count(*)::int as left from t where n = 0')) as readonly { left: number }[]
    expect(left?.left).toBeGreaterThan(0)
    expect(left?.left).toBeLessThan(rows)
    const began = performance.now()
    await fill(server.url, { ...job, job: { owner, leaseMs: 60_000 } })
    // It takes up its own chunk, and does not wait for its own lease.
    expect(performance.now() - began).toBeLessThan(8_000)
    expect(await counts(server.url)).toEqual(once)
  })

  test('gives way to its standby in the middle goes on there, each row once', { timeout: 120_000 }, async () => {
    await using primary = await startPostgres({ version: 18 })
    await ask(primary.url, setup)
    await using standby = await standbyOf(primary)
    const caughtUp = async (): Promise<void> => {
      const [at] = (await ask(primary.url, 'select pg_current_wal_lsn()::text as lsn')) as readonly { lsn: string }[]
      const here = `select pg_last_wal_replay_lsn() >= '${at?.lsn}' as here`
      await expect.poll(() => ask(standby.url, here), { timeout: 20_000 }).toEqual([{ here: true }])
    }
    const failed = fill(primary.url, {
      ...counting,
      job: { leaseMs: 1_000, ...beforeBatch(4, () => caughtUp().then(() => primary.stop())) },
    })
    await expect(failed).rejects.toMatchObject({ code: 'connection-lost' })
    await ask(standby.url, 'select pg_promote()')
    const [half] = (await ask(standby.url, 'select sum(n)::int as done from t')) as readonly { done: number }[]
    expect(half?.done).toBeGreaterThan(0)
    expect((await fill(standby.url, counting)).rows).toBe(rows)
    expect(await counts(standby.url)).toEqual(once)
  })
})

/** As an older lockkeeper made it (format 1), with a backfill that has come to row 3,000 of its bound. */
const formatOne = `
  create schema lockkeeper;
  create table lockkeeper.format (version int primary key, installed_at timestamptz not null default now());
  create table lockkeeper.journal (seq bigint generated always as identity primary key, version int not null, at timestamptz not null default clock_timestamp(),
    project text not null, migration text not null, step text, event text not null, data jsonb not null, body bytea);
  create table lockkeeper.backfill (version int not null, project text not null, migration text not null, step text not null, cursor jsonb, bound jsonb,
    rows bigint not null default 0, done boolean not null default false, updated_at timestamptz not null default clock_timestamp(),
    primary key (project, migration, step));
  insert into lockkeeper.format (version) values (1);
  update t set n = 1 where id <= 3000;
  insert into lockkeeper.backfill (version, project, migration, step, cursor, bound, rows) values (1, 'test', 'm', 's', '["3000"]', '["${rows}"]', 3000);
  insert into lockkeeper.backfill (version, project, migration, step, cursor, bound, rows, done) values (1, 'test', 'other', 's', '["7"]', '["7"]', 7, true)`

forEachVersion('a backfill that an older lockkeeper began', (version) => {
  test('goes on from where that one was, and touches no row before it again', async () => {
    await using database = await freshDatabase(version, { setup: `${setup}; ${formatOne}` })
    expect((await fill(database.url, counting)).rows).toBe(rows)
    expect(await counts(database.url)).toEqual(once)
    expect(await ask(database.url, 'select done from lockkeeper.backfill')).toEqual([{ done: true }, { done: true }])
  })

  test('is taken up by several workers at the same moment', async () => {
    await using database = await freshDatabase(version, { setup: `${setup}; ${formatOne}` })
    await using session = await connect({ url: database.url, applicationName: 'install' })
    await journal(session).install()
    const holder = new pg.Client({ connectionString: database.url })
    await holder.connect()
    await holder.query('begin; select from lockkeeper.backfill for update')
    const workers = Promise.allSettled([1, 2, 3].map(() => fill(database.url, counting)))
    const waiting = `select count(*)::int as n from pg_stat_activity where application_name = 'lockkeeper' and wait_event_type = 'Lock' and datname = current_database()`
    await expect.poll(() => ask(database.url, waiting), { timeout: 10_000 }).toEqual([{ n: 3 }])
    await holder.query('commit')
    expect((await workers).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    await holder.end()
    expect(await counts(database.url)).toEqual(once)
    expect(await session.query('select version, step from lockkeeper.backfill where not done')).toEqual([])
  })
})

describe('stripes on PostgreSQL 18', () => {
  const large = `create table t (id int primary key, a text, v text); insert into t select i, md5(i::text), null from generate_series(1, 100000) i; vacuum analyze t`
  const job: FillJob = {
    work: { kind: 'update', relation: 'public.t', set: 'v = a', where: 'v is null', falsifies: true },
    walk: { by: 'pages' },
    definition: { batchTargetMs: 15 },
  }

  test('keep more than half of the rows on their page where nothing else goes on', async () => {
    await using server = await startPostgres({ version: 18 })
    for (const sql of large.split(';')) await ask(server.url, sql)
    await fill(server.url, job)
    const [hot] = (await ask(server.url, 'select hot_rows::float8 / rows as share from lockkeeper.backfill')) as readonly {
      share: number
    }[]
    expect(hot?.share).toBeGreaterThan(0.5)
  })

  test('are given up while an old snapshot is open', async () => {
    await using server = await startPostgres({ version: 18 })
    for (const sql of large.split(';')) await ask(server.url, sql)
    const reader = new pg.Client({ connectionString: server.url })
    reader.on('error', () => undefined)
    await reader.connect()
    await reader.query('begin isolation level repeatable read; select 1')
    const { last } = await fill(server.url, job)
    expect(last?.stripes).toBe(1)
    await reader.end()
  })
})
