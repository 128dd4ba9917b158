import type pg from 'pg'
import { expect, test } from 'vitest'
import { connect } from '../../src/postgres/session.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { planAll, planOne, sqlMigration } from '../support/planned.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { takeSteps } from '../support/take-steps.ts'

/** Takes the steps up to the gate, or only so many. */
async function expanded(database: TestDatabase, sql: string, most?: number): Promise<pg.Client> {
  await using session = await connect({ url: database.url, applicationName: 'look' })
  await postgres.load()
  const planned = planOne(await session.readCatalog(), sql)
  expect(planned.blocked).toEqual([])
  const client = await database.client()
  await client.query('create schema if not exists lockkeeper')
  const gate = planned.steps.findIndex(({ kind }) => kind === 'gate')
  await takeSteps(client, { ...planned, steps: planned.steps.slice(0, most ?? gate) })
  return client
}

const split = `-- lockkeeper-up first: split_part(full_name, ' ', 1)
-- lockkeeper-up last: split_part(full_name, ' ', 2)
-- lockkeeper-down full_name: concat_ws(' ', first, last)
alter table users add column first text, add column last text, drop column full_name`

forEachVersion('what is kept in step', (version) => {
  const rowsOf = async (client: pg.Client, table = 'users') => (await client.query(`select * from ${table} order by id`)).rows as unknown[]

  test('a row that the backfill has not reached is completed by the first write of the new application', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table users (id int primary key, full_name text); insert into users select n, 'Ada King' from generate_series(1, 3) n`,
    })
    const client = await expanded(database, split, 1)
    await client.query(`update users set last = 'Lovelace' where id = 1; update users set full_name = 'Grace Hopper' where id = 2`)
    expect(await rowsOf(client)).toEqual([
      { id: 1, full_name: 'Ada Lovelace', first: 'Ada', last: 'Lovelace' },
      { id: 2, full_name: 'Grace Hopper', first: 'Grace', last: 'Hopper' },
      { id: 3, full_name: 'Ada King', first: null, last: null },
    ])
  })

  test('NULL on purpose, an upsert, and a row that says nothing', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table users (id int primary key, full_name text); insert into users values (1, 'Ada King'), (2, null)`,
    })
    const client = await expanded(database, split)
    await client.query(`update users set last = null where id = 1;
      insert into users (id, full_name) values (2, 'Old Upsert') on conflict (id) do update set full_name = excluded.full_name;
      insert into users (id) values (3); insert into users (id, first, last) values (4, 'New', 'One');
      insert into users (id, first, last) values (4, 'New', 'Two') on conflict (id) do update set last = excluded.last`)
    expect(await rowsOf(client)).toEqual([
      { id: 1, full_name: 'Ada', first: 'Ada', last: null },
      { id: 2, full_name: 'Old Upsert', first: 'Old', last: 'Upsert' },
      { id: 3, full_name: null, first: null, last: null },
      { id: 4, full_name: 'New Two', first: 'New', last: 'Two' },
    ])
  })

  test('names like those of plpgsql, quoted ones, functions and types of another schema', async () => {
    await using database = await freshDatabase(version, {
      setup: `create schema app; create schema other; create type app.mood as enum ('good', 'bad');
        create function app.twice(int) returns int language sql immutable as 'select $1 * 2';
        create function other.twice(int) returns int language sql immutable as 'select 0';
        create table app."Row" (id int primary key, "new" int not null, "Tg_Op" text not null, _lk_counted char(3));
        insert into app."Row" values (1, 4, 'good', 'x')`,
    })
    const client = await expanded(
      database,
      `set search_path = app, public;
      -- lockkeeper-up "old": twice("new")
      -- lockkeeper-up mood: "Row"."Tg_Op"::mood
      -- lockkeeper-up counted: _lk_counted
      -- lockkeeper-down new: "old" / 2
      -- lockkeeper-down "Tg_Op": mood::text
      alter table "Row" add column "old" int not null, add column mood mood not null, add column counted char(4), drop column "new", drop column "Tg_Op"`,
    )
    await client.query(
      `reset search_path; insert into app."Row" (id, "old", mood) values (2, 6, 'bad'); update app."Row" set "new" = 5, _lk_counted = 'y' where id = 1`,
    )
    expect(await rowsOf(client, 'app."Row"')).toEqual([
      { id: 1, new: 5, Tg_Op: 'good', _lk_counted: 'y  ', old: 10, mood: 'good', counted: 'y   ' },
      { id: 2, new: 3, Tg_Op: 'bad', _lk_counted: null, old: 6, mood: 'bad', counted: null },
    ])
  })

  test('rows of partitions, and json that has no =', async () => {
    await using database = await freshDatabase(version, {
      setup: `create table events (id int, at date not null, body json not null, primary key (id, at)) partition by range (at);
        create table events_1 partition of events for values from ('2026-01-01') to ('2026-02-01');
        create table events_2 partition of events for values from ('2026-02-01') to ('2026-03-01');
        insert into events select n, date '2026-01-01' + n, json_build_object('kind', 'k' || n) from generate_series(1, 50) n`,
    })
    const client = await expanded(
      database,
      `-- lockkeeper-up kind: events.body ->> 'kind'
      alter table events add column kind text not null;
      -- lockkeeper-down body: json_build_object('kind', kind)
      alter table events drop column body`,
    )
    await client.query(
      `insert into events (id, at, body) values (100, '2026-01-05', '{"kind":"old"}'); insert into events (id, at, kind) values (101, '2026-02-05', 'new')`,
    )
    const { rows } = await client.query(`select id, kind, body from events where id in (1, 100, 101) order by id`)
    expect(rows).toEqual([
      { id: 1, kind: 'k1', body: { kind: 'k1' } },
      { id: 100, kind: 'old', body: { kind: 'old' } },
      { id: 101, kind: 'new', body: { kind: 'new' } },
    ])
    expect((await client.query('select count(*)::int as n from events where kind is distinct from body ->> $1', ['kind'])).rows).toEqual([
      { n: 0 },
    ])
  })

  test('values that read what another statement of the migration changes are refused', async () => {
    await using database = await freshDatabase(version, { setup: `create table users (id int primary key, email text, nick text)` })
    await expect(
      expanded(
        database,
        `-- lockkeeper-up email: 'x'\nalter table users alter column email set not null;\n-- lockkeeper-up domain: split_part(email, '@', 2)\nalter table users add column domain text`,
      ),
    ).rejects.toThrow('another statement of the migration changes email too')
    await expect(
      expanded(
        database,
        `-- lockkeeper-up handle: lower(nick)\nalter table users add column handle text;\nalter table users rename column nick to name`,
      ),
    ).rejects.toThrow('another statement of the migration changes nick too')
  })
})

test('values for a migration that decides by rows are refused', async () => {
  await postgres.load()
  const body = { kind: 'recorded', bytes: Buffer.from(''), statements: [], assumptions: [], readsRows: { call: 'SELECT 1' } } as const
  const upDown = [{ direction: 'up', name: 'users.a', sql: '1', file: 'm1.lockkeeper.json', line: 2 }] as const
  const catalog = postgres.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')
  expect(() => planAll(catalog, [{ ...sqlMigration(''), body, upDown }])).toThrow('m1.lockkeeper.json, line 2: m1.sql decides by rows')
})
