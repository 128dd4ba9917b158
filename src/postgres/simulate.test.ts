import { beforeAll, expect, test } from 'vitest'
import type { Catalog } from '../model/catalog.ts'
import { emptyCatalog } from './empty-catalog.ts'
import { loadParser, parse } from './parse.ts'
import { simulate } from './simulate.ts'

beforeAll(() => loadParser())

const empty = emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')

function after(sql: string, before: Catalog = empty): Catalog {
  return parse(Buffer.from(sql)).reduce((catalog, statement) => simulate(statement, catalog), before)
}

test('marks what it creates as new, and keeps what was there', () => {
  const before = after('create table a (id int)')
  const old = {
    ...before,
    relations: new Map([...before.relations].map(([key, relation]) => [key, { ...relation, isNew: false, oid: 7 }])),
  }
  const grown = after('create table b (id int); alter table a add column x int; alter table a rename to c; create view v as select 1', old)
  expect([...grown.relations].map(([key, { isNew, oid }]) => [key, isNew, oid])).toEqual([
    ['public.b', true, undefined],
    ['public.c', false, 7],
    ['public.v', true, undefined],
  ])
})

test('leaves an earlier catalog as it was', () => {
  const before = after('create table a (id int primary key); create index on a (id)')
  const copy = JSON.stringify([...before.relations])
  after('alter table a add column b int; drop index a_id_idx; drop table a', before)
  expect(JSON.stringify([...before.relations])).toBe(copy)
})

test('keeps the words of an expression, and rewrites the names of columns in them', () => {
  const catalog = after(`create table a (n int default 1+(2 * 3), constraint c check (n > 0 and lower('n') <> ''));
    create index i on a (abs(n)) where n is not null; alter table a rename n to "N m"`)
  const relation = catalog.relations.get('public.a')
  expect(relation?.columns[0]?.default).toBe('1+(2 * 3)')
  expect(relation?.constraints.map(({ definition }) => definition)).toEqual([`CHECK (("N m" > 0 and lower('n') <> ''))`])
  expect(relation?.indexes.map(({ definition }) => definition)).toEqual([
    'CREATE INDEX i ON public.a USING btree (abs("N m")) WHERE ("N m" is not null)',
  ])
})

test.each([
  'alter table nowhere add column a int',
  'create index on nowhere (a)',
  'drop table nowhere cascade',
  'alter table nowhere rename to there',
  'alter table nowhere rename a to b',
  'alter index nowhere rename to there',
  'create table a (other text)',
  'alter table a drop column nothing',
  'alter table a drop constraint nothing',
  'drop type nothing',
  'drop function nothing()',
  'alter sequence nothing owned by a.id',
  `do $$ begin execute 'drop table a'; end $$`,
  'update a set id = 1',
  'vacuum a',
  'begin',
])('changes nothing by %s, which would fail or which it cannot foresee', (sql) => {
  const before = after('create table a (id int primary key)')
  expect([...after(sql, before).relations]).toEqual([...before.relations])
})

test('knows the functions and types of extensions', () => {
  const catalog = after(
    'create extension "uuid-ossp"; create extension citext; create table a (id uuid default uuid_generate_v4(), b citext)',
  )
  expect(catalog.functions.get('public.uuid_generate_v4')?.map(({ volatility }) => volatility)).toEqual(['volatile'])
  expect(catalog.relations.get('public.a')?.columns[1]?.type).toBe('public.citext')
})

test('takes twice as long for twice as many statements', () => {
  const script = (count: number) =>
    Array.from(
      { length: count },
      (_, at) =>
        `create table t${at} (id serial primary key, p int references t0); create index on t${at} (p); alter table t${at} add column c text not null;`,
    ).join('\n')
  const [small, large] = [300, 1_200].map((count) => {
    const statements = parse(Buffer.from(script(count)))
    const start = process.cpuUsage()
    statements.reduce((catalog, statement) => simulate(statement, catalog), empty)
    return process.cpuUsage(start).user
  })
  // Four times the statements; quadratic growth would show as sixteen.
  expect((large ?? 0) / (small ?? 1)).toBeLessThan(9)
})

test('keeps the timeouts that are set for the session, until they are reset', () => {
  const set = after(
    "set lock_timeout = '2s'; set statement_timeout to 500; set local transaction_timeout = 7; select set_config('lock_timeout', '1min', false)",
  )
  expect(set.timeouts).toEqual({ lock_timeout: 60_000, statement_timeout: 500 })
  expect(after('reset statement_timeout; set lock_timeout to default', set).timeouts).toEqual({})
})
