import { beforeAll, expect, test } from 'vitest'
import { loadParser, parse } from './parse.ts'
import { split } from './split.ts'

beforeAll(() => loadParser())

const texts = (sql: string) => parse(Buffer.from(sql)).flatMap((statement) => split(statement).map((part) => part.sql))

test('cuts at the commas between actions only', () => {
  expect(
    texts(`alter table s."T,x" * add column a numeric(10,2) default f(1, 2), add check (a in (1,2) or b = ARRAY[1,2]), drop column "c,d"`),
  ).toEqual([
    `alter table s."T,x" * drop column "c,d"`,
    `alter table s."T,x" * add column a numeric(10,2) default f(1, 2)`,
    `alter table s."T,x" * add check (a in (1,2) or b = ARRAY[1,2])`,
  ])
})

test.each([
  ['ALTER TABLE IF EXISTS t ADD a int, ADD b int', ['ALTER TABLE IF EXISTS t ADD a int', 'ALTER TABLE IF EXISTS t ADD b int']],
  ['ALTER TABLE ONLY (t) ADD a int, ADD b int', ['ALTER TABLE ONLY (t) ADD a int', 'ALTER TABLE ONLY (t) ADD b int']],
  [
    "alter /* x, y */ table a.b.c -- n, m\n add a text default ';,''(', -- p\n add b text",
    ["alter /* x, y */ table a.b.c add a text default ';,''('", 'alter /* x, y */ table a.b.c add b text'],
  ],
  ['alter foreign table t add a int, add b int', ['alter foreign table t add a int', 'alter foreign table t add b int']],
  ['alter type t add attribute a int, add attribute b int', ['alter type t add attribute a int, add attribute b int']],
  ['alter table t add a int', ['alter table t add a int']],
  ['create table t (a int, b int)', ['create table t (a int, b int)']],
  [
    'alter table t set (fillfactor = 70, autovacuum_enabled = false), add constraint c foreign key (a, b) references p (a, b) on delete set null (a)',
    [
      'alter table t add constraint c foreign key (a, b) references p (a, b) on delete set null (a)',
      'alter table t set (fillfactor = 70, autovacuum_enabled = false)',
    ],
  ],
])('%s', (sql, parts) => {
  expect(texts(sql)).toEqual(parts)
})

test('says where each action stands in the file', () => {
  const [, whole] = parse(Buffer.from("select 'é';\n  alter table é add a text default 'é', add b int,\n\tadd c int"))
  expect(whole && split(whole).map(({ start, line, column }) => [start, line, column])).toEqual([
    [30, 2, 17],
    [55, 2, 41],
    [67, 3, 2],
  ])
})

test('takes the actions in the passes of the server, and those of one pass as they stand', () => {
  const sql = `alter table t validate constraint v, alter a set default 1, add check (a > 0), add unique (b), add primary key using index i,
    alter a set not null, alter g set expression as (a + 1), add b int, add c int, alter a type bigint, alter a drop default, drop constraint k`
  expect(texts(sql).map((text) => text.replace('alter table t ', ''))).toEqual([
    'alter a drop default',
    'drop constraint k',
    'alter a type bigint',
    'add b int',
    'add c int',
    'alter g set expression as (a + 1)',
    'alter a set not null',
    'add primary key using index i',
    'add unique (b)',
    'alter a set default 1',
    'add check (a > 0)',
    'validate constraint v',
  ])
})
