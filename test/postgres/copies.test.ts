import { beforeAll, expect, test } from 'vitest'
import type { Work } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { catalogAfter, planOne } from '../support/planned.ts'

const setup = `CREATE TABLE a (id bigint PRIMARY KEY, x text, n int);
CREATE TABLE bare (id bigint, x text);
CREATE TABLE other (id bigint PRIMARY KEY);
CREATE TABLE b (id bigint PRIMARY KEY, x text);
CREATE TABLE heap (id bigint, x text);
CREATE TABLE tree (id bigint PRIMARY KEY, parent_id bigint REFERENCES tree);
CREATE TABLE late (id bigint UNIQUE DEFERRABLE, x text);
CREATE TABLE parent (id bigint PRIMARY KEY, x text);
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
CREATE FUNCTION vol(text) RETURNS text LANGUAGE sql VOLATILE AS 'SELECT $1';
CREATE FUNCTION fixed(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1';`

beforeAll(() => postgres.load())

type Copy = Extract<Work, { readonly kind: 'insert' }>

function copyOf(sql: string): Copy | undefined {
  const steps = planOne(catalogAfter(setup), sql).steps.flatMap((step) => (step.kind === 'backfill' ? [step] : []))
  const [step] = steps
  if (step === undefined) return undefined
  expect(step.walk).toEqual({ by: 'key', columns: ['id'], types: ['bigint'] })
  return step.work.kind === 'insert' ? step.work : undefined
}

const plain = {
  kind: 'insert',
  relation: 'public.a',
  target: 'public.b',
  into: 'INSERT INTO public.b',
  select: 'id, x',
  where: 'true',
  conflict: '',
  falsifies: false,
} as const

test.each<[string, Partial<Copy>]>([
  ['INSERT INTO b SELECT id, x FROM a', {}],
  ['insert into "public" . "b" ( id ,x) select id, x from only a', { into: 'insert into public.b ( id ,x)' }],
  ['INSERT INTO b AS c SELECT id, x FROM a', { into: 'INSERT INTO public.b AS c' }],
  ['INSERT INTO b SELECT q.* FROM public.a q WHERE q.n > 1', { select: 'a.*', where: 'a.n > 1' }],
  ['INSERT INTO b SELECT id, to_json(q)::text FROM a q', { select: 'id, to_json(a)::text' }],
  [
    `INSERT INTO b SELECT id, now()::text /* where */ FROM a WHERE x IS DISTINCT FROM 'from' -- where
     ON CONFLICT (id) DO NOTHING`,
    { select: 'id, ({now})::text', where: `x IS DISTINCT FROM 'from'`, conflict: 'ON CONFLICT (id) DO NOTHING' },
  ],
  ['INSERT INTO b SELECT id, x FROM a ON CONFLICT (id) WHERE id > 1 DO NOTHING', { conflict: 'ON CONFLICT (id) WHERE id > 1 DO NOTHING' }],
  [
    'INSERT INTO b OVERRIDING USER VALUE SELECT id, fixed(x) FROM a ON CONFLICT DO NOTHING',
    { into: 'INSERT INTO public.b OVERRIDING USER VALUE', select: 'id, fixed(x)', conflict: 'ON CONFLICT DO NOTHING' },
  ],
  ['INSERT INTO b SELECT id, gen_random_uuid()::text FROM a', { select: 'id, gen_random_uuid()::text' }],
])('%s is copied by the key of its source', (sql, parts) => {
  expect(copyOf(sql)).toEqual({ ...plain, ...parts })
})

test.each([
  ['INSERT INTO b SELECT id, x FROM bare', 'public.bare has no key that can be walked in order, and a row that moves to another page'],
  ['INSERT INTO b SELECT a.id, x FROM a, other', 'it joins tables'],
  ['INSERT INTO b SELECT DISTINCT id, x FROM a', 'DISTINCT'],
  ['INSERT INTO b SELECT id, x FROM a ORDER BY x', 'ORDER BY'],
  ['INSERT INTO b SELECT min(id), x FROM a GROUP BY x', 'GROUP BY'],
  ['INSERT INTO b SELECT id, x FROM a WHERE EXISTS (SELECT FROM other)', 'a subquery'],
  ['INSERT INTO b SELECT id, first_value(x) OVER () FROM a', 'a window function'],
  ['INSERT INTO b SELECT id, vol(x) FROM a', 'vol is not immutable'],
  [`INSERT INTO b SELECT id, 'now'::timestamptz::text FROM a`, 'another time in each batch'],
  ['INSERT INTO b SELECT id, x FROM a RETURNING id', 'RETURNING'],
  ['INSERT INTO b SELECT id, x FROM a ON CONFLICT (id) DO UPDATE SET x = excluded.x', 'ON CONFLICT DO UPDATE'],
  ['INSERT INTO a SELECT id + 10000, x FROM a', 'reads the table that it writes'],
  ['INSERT INTO child SELECT id, x FROM parent', 'reads the table that it writes'],
  ['INSERT INTO b SELECT id, x FROM ONLY parent', 'ONLY leaves out the children'],
  ['INSERT INTO tree SELECT id, n FROM a', 'refers to itself'],
  ['INSERT INTO late SELECT id, x FROM a', 'the constraint late_id_key may be checked only at the end'],
  [`INSERT INTO b SELECT id, '{now}' FROM a`, '{now}'],
])('%s is refused: %s', (sql, why) => {
  const { blocked, steps } = planOne(catalogAfter(setup), sql)
  expect(steps.filter(({ kind }) => kind === 'backfill')).toEqual([])
  expect(blocked.map(({ message }) => message)).toEqual([expect.stringContaining(why)])
})

test.each([
  ['one row of many', 'INSERT INTO b SELECT max(id), max(x) FROM a'],
  ['few rows of many', 'INSERT INTO b SELECT id, x FROM a LIMIT 10'],
  ['a row that an index leads to', 'INSERT INTO b SELECT id, x FROM a WHERE id = 7'],
  ['rows that nobody waits for', 'INSERT INTO heap SELECT id, x FROM a ORDER BY x'],
  ['values', 'INSERT INTO b VALUES (1, 2)'],
])('%s: %s runs as written', (_, sql) => {
  const { blocked, steps } = planOne(catalogAfter(setup), sql)
  expect([blocked, steps.map(({ kind }) => kind)]).toEqual([[], ['sql']])
})

test('what goes into a table of the same migration can be taken back with it', () => {
  const undos = (sql: string) => planOne(catalogAfter(setup), sql).steps.map(({ kind, undo }) => `${kind}: ${undo.kind}`)
  expect(undos('CREATE TABLE fresh (id bigint); INSERT INTO fresh SELECT id FROM a;')).toEqual(['sql: cleanup', 'backfill: free'])
  expect(undos('INSERT INTO b SELECT id, x FROM a;')).toEqual(['backfill: forward-only'])
})
