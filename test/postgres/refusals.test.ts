import { beforeAll, expect, test } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import { catalogAfter, planOne } from '../support/planned.ts'

const setup = `CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(10), c varchar(10));
CREATE TABLE r (d int4range);
CREATE TABLE k (a int, b varchar(10));
CREATE INDEX "some of k" ON k (a) WHERE b IS NOT NULL;
CREATE TABLE l () INHERITS (k);
CREATE UNLOGGED TABLE u (id int);
CREATE TABLE f (id int PRIMARY KEY, e int GENERATED ALWAYS AS (id + 1) STORED);
CREATE INDEX "some of t" ON t (a) WHERE b IS NOT NULL;
CREATE MATERIALIZED VIEW v AS SELECT a FROM t;
CREATE UNIQUE INDEX ON v (abs(a));`

beforeAll(() => postgres.load())

test.each([
  [
    'ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (a + 1) STORED',
    18,
    /^Make it VIRTUAL instead of STORED.*trigger BEFORE INSERT OR UPDATE/,
  ],
  ['ALTER TABLE t ADD COLUMN g int GENERATED ALWAYS AS (a + 1) STORED', 17, /^No small steps lead.*trigger BEFORE INSERT OR UPDATE/],
  ['ALTER TABLE f ALTER COLUMN e SET EXPRESSION AS (id + 2)', 18, /plain column that a trigger/],
  ['ALTER TABLE k ALTER COLUMN a TYPE bigint', 18, /column of the new type.*trigger.*batches.*drop the old one/],
  ['ALTER TABLE r ADD EXCLUDE USING gist (d WITH &&)', 18, /new table with it.*swap the two names/],
  ['CLUSTER t USING t_pkey', 18, /pg_repack --order-by/],
  ['VACUUM FULL t', 18, /A plain VACUUM.*pg_repack/],
  ['ALTER TABLE t SET TABLESPACE x', 18, /pg_repack --tablespace.*REINDEX \(TABLESPACE/],
  ['ALTER TABLE t SET ACCESS METHOD y', 18, /new table with that access method/],
  ['ALTER TABLE u SET LOGGED', 18, /new logged table/],
  ['ALTER TABLE t SET UNLOGGED', 18, /Leave the table logged/],
  ['REFRESH MATERIALIZED VIEW v', 18, /unique index/],
  ['ALTER TABLE k ALTER COLUMN b TYPE varchar(20)', 18, /DROP INDEX, the change and CREATE INDEX/],
])('%s on %i is refused, and says what to do instead', (sql, version, fix) => {
  const { blocked } = planOne(catalogAfter(setup, version), sql, ['result-type', 'set-unlogged'])
  expect(blocked.map((hazard) => hazard.fix)).toEqual([expect.stringMatching(fix)])
})

test.each([
  [
    'REFRESH MATERIALIZED VIEW v',
    'public.v has no unique index on plain columns and all rows; make one first (CREATE UNIQUE INDEX ON public.v (...))',
  ],
  ['ALTER TABLE k ALTER COLUMN b TYPE varchar(20)', 'a trigger does not come with a table to those that inherit from it'],
  [
    'ALTER INDEX "some of t" SET TABLESPACE x',
    'REINDEX can move an index from 14 on; before that, build a second one in the tablespace, drop the first and rename the second',
  ],
  [
    'ALTER TABLE t ADD COLUMN n int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME s)',
    'its sequence has a name or an owner of its own, or the column more than a type, a sequence and constraints; leave these out, and set them afterwards',
  ],
])('%s cannot be had in small steps, and says why', (sql, why) => {
  const { blocked } = planOne(catalogAfter(setup, 13), sql, ['result-type'])
  expect(blocked.map(({ message }) => message.split('; lockkeeper cannot do it in small steps: ')[1])).toEqual([why])
})
