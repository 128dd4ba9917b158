import { beforeAll, expect, test } from 'vitest'
import type { Walk } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { catalogAfter, planOne, textsOf } from '../support/planned.ts'

const setup = `CREATE TABLE t (id int PRIMARY KEY, a int, b text);
CREATE TABLE bare (a int, b text);
CREATE TABLE p (id int, a int, b text, c text, PRIMARY KEY (id, a, c)) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY LIST (c);
CREATE TABLE p1x PARTITION OF p1 FOR VALUES IN ('x');
CREATE TABLE loose (a int, b text, c int) PARTITION BY LIST (a);
CREATE TABLE loose1 PARTITION OF loose FOR VALUES IN (1);
CREATE TABLE byexpr (a int, b text, c int) PARTITION BY LIST ((a + 1));
CREATE TABLE byexpr1 PARTITION OF byexpr FOR VALUES IN (1);
CREATE TABLE owndef (a int, b text DEFAULT 'whole') PARTITION BY LIST (a);
CREATE TABLE owndef1 PARTITION OF owndef (b DEFAULT 'part') FOR VALUES IN (1);
CREATE TABLE parent (id int PRIMARY KEY, b text);
CREATE TABLE child () INHERITS (parent);`

beforeAll(() => postgres.load())

function walkOf(version: number, sql: string): By {
  const planned = planOne(catalogAfter(setup, version), sql)
  const walks = planned.steps.flatMap((step) => (step.kind === 'backfill' ? [step.walk.by] : []))
  return walks[0] ?? 'none'
}

type By = Walk['by'] | 'none'

// From 14 on, and on 13.
test.each<[string, string, readonly [By, By]]>([
  ['what an update falsifies', `UPDATE t SET b = 'x' WHERE b IS NULL`, ['pages', 'key']],
  ['a DELETE', `DELETE FROM t WHERE a = 1`, ['pages', 'key']],
  ['what an update does not falsify', `UPDATE t SET a = a + 1`, ['key', 'key']],
  ['what an update does not falsify, without a key', `UPDATE bare SET a = a + 1`, ['none', 'none']],
  ['a table without a key', `UPDATE bare SET b = 'x' WHERE b IS NULL`, ['pages', 'pages']],
  ['a partitioned table with a key', `UPDATE p SET b = 'x' WHERE b IS NULL`, ['pages', 'key']],
  ['a column of the key of a partition', `UPDATE p SET c = 'x' WHERE c IS NULL`, ['none', 'none']],
  ['a DELETE of a partitioned table', `DELETE FROM p WHERE b = 'y'`, ['pages', 'key']],
  ['a partitioned table without a key', `UPDATE loose SET b = 'x' WHERE b IS NULL`, ['pages', 'pages']],
  ['a partition key that is set', `UPDATE loose SET a = 1 WHERE a IS NULL`, ['none', 'none']],
  ['a partition key that is an expression', `UPDATE byexpr SET b = 'x' WHERE b IS NULL`, ['none', 'none']],
  ['a DELETE where the partition key is an expression', `DELETE FROM byexpr WHERE b IS NULL`, ['pages', 'pages']],
  ['the default of a table whose partition has another', `UPDATE owndef SET b = DEFAULT WHERE b IS NULL`, ['none', 'none']],
  ['a table with children', `UPDATE parent SET b = 'x' WHERE b IS NULL`, ['pages', 'key']],
])('%s: %s is walked by %j', (_, sql, [on14, on13]) => {
  expect([walkOf(18, sql), walkOf(14, sql), walkOf(13, sql)]).toEqual([on14, on14, on13])
})

test.each([
  [`UPDATE loose SET a = 1 WHERE a IS NULL`, 'public.loose has no key that can be walked in order, and its partitions cannot be changed'],
  [`UPDATE bare SET a = a + 1`, 'public.bare has no key that can be walked in order, and a changed row may match again'],
])('%s is refused with the reason', (sql, why) => {
  const [hazard] = planOne(catalogAfter(setup), sql).blocked
  expect(hazard?.message).toContain(why)
})

test.each([
  [`UPDATE public.t SET b = public.t.b || 'x'`, `fill b = t.b || 'x' where true`],
  [`UPDATE t AS x SET b = x.b || to_json(x)::text WHERE x.a > 1`, `fill b = t.b || to_json(t)::text where t.a > 1`],
  [`UPDATE t AS b SET a = 1 WHERE b IS NOT NULL`, `fill a = 1 where b IS NOT NULL`],
])('%s names the table in a way that a partition can be called by too', (sql, text) => {
  expect(textsOf(planOne(catalogAfter(setup), sql))).toEqual([text])
})
