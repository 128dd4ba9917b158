import type pg from 'pg'
import { expect, test } from 'vitest'
import type { Walk, Work } from '../../src/model/plan.ts'
import { beforeBatch, fill } from '../support/backfill.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const parted = `
  create table t (id int, p int not null, v text, n int not null default 0, primary key (id, p)) partition by range (p);
  ${[0, 1, 2].map((p) => `create table t${p} partition of t for values from (${p}) to (${p + 1});`).join('')}
  insert into t select i, i % 3 from generate_series(1, 6000) i`
const filling: { readonly work: Work; readonly walk: Walk } = {
  work: { kind: 'update', relation: 'public.t', set: `v = 'x', n = n + 1`, where: 'v is null', falsifies: true },
  walk: { by: 'pages' },
}
const counting: typeof filling = {
  work: { kind: 'update', relation: 'public.t', set: 'n = n + 1', where: 'true', falsifies: false },
  walk: { by: 'key', columns: ['id', 'p'], types: ['integer', 'integer'] },
}

async function counts(client: pg.Client, table = 't'): Promise<readonly string[]> {
  const { rows } = await client.query<{ row: string }>(
    `select coalesce(v, 'null') || ' ' || n || ': ' || count(*) as row from ${table} group by v, n order by 1`,
  )
  return rows.map(({ row }) => row)
}

/** The worker has the lease of a chunk of t0, and has sent one batch of it. */
const changes: readonly { readonly title: string; readonly sql: string; readonly ends: readonly string[] }[] = [
  {
    title: 'attached',
    sql: `create table extra (like t including all); insert into extra select i, 7 from generate_series(1, 500) i; alter table t attach partition extra for values from (7) to (8)`,
    ends: ['x 1: 6500'],
  },
  { title: 'dropped', sql: 'drop table t0', ends: ['x 1: 4000'] },
  { title: 'dropped that is still to come', sql: 'drop table t2', ends: ['x 1: 4000'] },
  { title: 'detached', sql: 'alter table t detach partition t0', ends: ['x 1: 4000'] },
  { title: 'renamed', sql: 'alter table t0 rename to "T ""0"', ends: ['x 1: 6000'] },
  { title: 'moved to another schema', sql: 'create schema s; alter table t0 set schema s', ends: ['x 1: 6000'] },
  { title: 'truncated', sql: 'truncate t0', ends: ['x 1: 4000'] },
  { title: 'whose rows go to a later one', sql: 'update t set p = 2 where p = 0 and id % 2 = 0', ends: ['x 1: 6000'] },
  { title: 'whose rows come from a later one', sql: 'update t set p = 0 where p = 2 and id % 2 = 0', ends: ['x 1: 6000'] },
]

forEachVersion('a backfill by pages', (version) => {
  test.each(changes)('goes on where a partition is $title while it runs', async ({ sql, ends }) => {
    await using database = await freshDatabase(version, { setup: parted })
    const client = await database.client()
    await fill(database.url, { ...filling, job: beforeBatch(2, () => client.query(sql)) })
    expect(await counts(client)).toEqual(ends)
  })

  test('leaves a table alone that takes the name of its partition while it runs', async () => {
    await using database = await freshDatabase(version, { setup: parted })
    const client = await database.client()
    const swap =
      'alter table t0 rename to was; create table t0 (id int, p int, v text, n int default 0); insert into t0 select i, 0 from generate_series(1, 100) i'
    await fill(database.url, { ...filling, job: beforeBatch(2, () => client.query(swap)) })
    expect(await counts(client)).toEqual(['x 1: 6000'])
    expect(await counts(client, 't0')).toEqual(['null 0: 100'])
  })

  test('changes what is there after a TRUNCATE of the whole table while it runs', async () => {
    await using database = await freshDatabase(version, { setup: parted })
    const client = await database.client()
    const anew = 'truncate t; insert into t select i, i % 3 from generate_series(1, 30) i'
    await fill(database.url, { ...filling, job: beforeBatch(5, () => client.query(anew)) })
    expect(await counts(client)).toEqual(['x 1: 30'])
  })
})

forEachVersion('a backfill by key', (version) => {
  test.each([
    [
      'attached',
      'create table extra (like t including all); alter table t attach partition extra for values from (7) to (8)',
      ['null 1: 6000'],
    ],
    ['dropped', 'drop table t0', ['null 1: 4000']],
    ['detached', 'alter table t detach partition t0', ['null 1: 4000']],
    ['renamed', 'alter table t0 rename to was', ['null 1: 6000']],
  ])('goes on where a partition is %s while it runs, each row once', async (_, sql, ends) => {
    await using database = await freshDatabase(version, { setup: parted })
    const client = await database.client()
    await fill(database.url, { ...counting, job: beforeBatch(2, () => client.query(sql)) })
    expect(await counts(client)).toEqual(ends)
  })

  test('goes over identities that the server alone gives', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table t (id bigint generated always as identity primary key, v text, n int not null default 0); insert into t (v) select null from generate_series(1, 3000)`,
    })
    await fill(database.url, { ...counting, walk: { by: 'key', columns: ['id'], types: ['bigint'] } })
    expect(await counts(await database.client())).toEqual(['null 1: 3000'])
  })

  test('holds no table lock above ROW EXCLUSIVE, not even while it waits for a row', async () => {
    await using database = await freshDatabase(version, { setup: parted })
    const [holder, client] = [await database.client(), await database.client()]
    await holder.query('begin; update t set v = null where id = 3000')
    const filling = fill(database.url, counting)
    const modes = new Set<string>()
    const sample = async (): Promise<boolean> => {
      const { rows } = await client.query<{ mode: string; waits: boolean }>(
        `select l.mode, bool_or(a.wait_event_type = 'Lock') as waits from pg_locks l join pg_stat_activity a using (pid) join pg_class c on c.oid = l.relation
         where l.locktype = 'relation' and a.application_name like 'lockkeeper%' and a.datname = current_database() and c.relnamespace = 'public'::regnamespace group by 1`,
      )
      rows.forEach(({ mode }) => modes.add(mode))
      return rows.some(({ waits }) => waits)
    }
    await expect.poll(sample, { interval: 2, timeout: 10_000 }).toBe(true)
    await holder.query('commit')
    await filling
    expect([...modes].filter((mode) => !['AccessShareLock', 'RowShareLock', 'RowExclusiveLock'].includes(mode))).toEqual([])
    expect(modes).toContain('RowExclusiveLock')
  })
})
