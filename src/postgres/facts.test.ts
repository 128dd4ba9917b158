import { beforeAll, describe, expect, test } from 'vitest'
import type { Catalog } from '../model/catalog.ts'
import type { Facts } from '../model/facts.ts'
import { emptyCatalog } from './empty-catalog.ts'
import { facts } from './facts.ts'
import { loadParser, parse } from './parse.ts'
import { simulate } from './simulate.ts'

beforeAll(loadParser)

/** Facts of the last statement on the catalog that the earlier ones left; what the script does not make does not exist. */
function factsOf(sql: string, start: Partial<Catalog> = { knowledge: 'whole' }): Facts {
  const statements = parse(Buffer.from(sql))
  const empty: Catalog = { ...emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public'), ...start }
  const last = statements.at(-1)
  if (last === undefined) throw new Error('no statement')
  return facts(
    last,
    statements.slice(0, -1).reduce((catalog, statement) => simulate(statement, catalog), empty),
  )
}

const unknown: Partial<Catalog> = { knowledge: 'partial' }

describe('a table that the catalog has never seen', () => {
  test('a change of its type states when it is no rewrite', () => {
    const found = factsOf('alter table a alter column b type text', unknown)
    expect(found.rewrites).toEqual(['public.a'])
    expect(found.condition).toContain('unless the old type can stay as it is')
  })

  test('SET NOT NULL states the proof that would spare the scan', () => {
    const found = factsOf('alter table a alter column b set not null', unknown)
    expect(found.scans).toEqual(['public.a'])
    expect(found.condition).toContain('b IS NOT NULL')
  })

  test('what is certain all the same has no condition', () => {
    expect(factsOf('alter table a add column b int', unknown)).not.toHaveProperty('condition')
    expect(factsOf('create index on a (b)', unknown)).not.toHaveProperty('condition')
  })

  test('an unknown function is taken for a volatile one, with its condition', () => {
    const found = factsOf('alter table a add column b int default mine()', unknown)
    expect(found.rewrites).toEqual(['public.a'])
    expect(found.condition).toContain('mine() is declared STABLE or IMMUTABLE')
    expect(factsOf('alter table a add column b timestamptz default now()', unknown).rewrites).toEqual([])
  })

  test('dropping a constraint of it may lock another table', () => {
    expect(factsOf('alter table a drop constraint b', unknown).condition).toContain('foreign key')
  })
})

test('each lock says whom it blocks, and the strongest one of a relation stands alone', () => {
  const found = factsOf(
    'create table p (id int primary key); create table c (id int); alter table c add column p int references p, add constraint f foreign key (id) references p',
  )
  expect(found.locks).toEqual([
    { relation: 'public.c', mode: 'ACCESS EXCLUSIVE', blocksReads: true, blocksWrites: true },
    { relation: 'public.p', mode: 'SHARE ROW EXCLUSIVE', blocksReads: false, blocksWrites: true },
  ])
})

test('a table that is built on or rewritten is also read', () => {
  expect(factsOf('create table a (id int); create index on a (id)').scans).toEqual(['public.a'])
  expect(factsOf('create table a (id int); alter table a alter column id type bigint').scans).toEqual(['public.a'])
})

test('nobody waits for a temporary table or for one that the statement makes', () => {
  expect(factsOf('create temp table a (id int); alter table a add column b int').locks).toEqual([])
  expect(factsOf('create table a (id int primary key, up int references a)').locks).toEqual([])
})

test('statements that cannot run in a transaction say so, and whom they wait for', () => {
  const found = factsOf('create table a (id int); create index concurrently i on a (id)')
  expect(found).toMatchObject({
    transaction: 'forbidden',
    waitsFor: ['older-snapshots', 'writers-of-table'],
    builds: ['public.a'],
    creates: ['index public.i'],
  })
  expect(factsOf('create table a (id int); vacuum a').transaction).toBe('forbidden')
  expect(factsOf('create table a (id int); analyze a').transaction).toBe('allowed')
})

test('what goes is listed by kind and canonical name', () => {
  expect(
    factsOf('create table "A b" (id int, "C d" int); create index "I" on "A b" ("C d"); alter table "A b" drop column "C d"').destroys,
  ).toEqual(['column public."A b"."C d"', 'index public."I"'])
  expect(factsOf('create table a (id int primary key); create table b (id int references a); truncate a cascade').destroys).toEqual([
    'rows public.a',
    'rows public.b',
  ])
  expect(factsOf('create table a (id int); create view v as select * from a; drop table a cascade').destroys).toEqual([
    'table public.a',
    'view public.v',
  ])
})

test('a condition on the first column of an index is no scan, any other is', () => {
  const table = 'create table a (id int primary key, b int, c int); create index on a (b, c); '
  const scans = (sql: string) => factsOf(table + sql).scans
  expect(scans('update a set c = 1 where id = 5')).toEqual([])
  expect(scans('delete from a where b in (1, 2) and c > 5')).toEqual([])
  expect(scans('update a set c = 1 where c = 5')).toEqual(['public.a'])
  expect(scans('update a set c = 1 where b is null')).toEqual(['public.a'])
  expect(scans('update a set c = 1 where id = c')).toEqual(['public.a'])
  expect(scans('delete from a')).toEqual(['public.a'])
})

test('the name of a WITH query is no table', () => {
  expect(factsOf('create table a (id int); with a as (select 1) select * from a').locks).toEqual([])
  expect(factsOf('create table a (id int); with b as (select * from a) select * from b').locks.map(({ relation }) => relation)).toEqual([
    'public.a',
  ])
})

test('versions differ where the servers do', () => {
  const on = (version: number, sql: string) => factsOf(sql, { knowledge: 'whole', server: { flavor: 'postgresql', version } })
  const grant = 'create table a (id int); grant select on a to public'
  expect([on(17, grant).locks.length, on(18, grant).locks.length]).toEqual([0, 1])
  const detach =
    'create table a (id int) partition by range (id); create table b partition of a for values from (0) to (1); alter table a detach partition b'
  expect([on(13, detach), on(14, detach)].map(({ locks }) => locks.find(({ relation }) => relation === 'public.b')?.mode)).toEqual([
    'SHARE UPDATE EXCLUSIVE',
    'ACCESS EXCLUSIVE',
  ])
})

describe('a partition whose bound is of another kind than its parent', () => {
  test.each([
    ['list (a)', 'from (1) to (2)'],
    ['range (a)', 'in (1)'],
    ['hash (a)', 'in (1)'],
  ])('is the server to refuse: partition by %s, for values %s', (by, bound) => {
    const setup = `create table p (a int) partition by ${by}; create table d partition of p default; create table t (a int, check (a > 0));`
    expect(factsOf(`${setup} create table n partition of p for values ${bound}`).creates).toEqual(['table public.n'])
    expect(factsOf(`${setup} alter table p attach partition t for values ${bound}`).scans).toContain('public.t')
  })
})
