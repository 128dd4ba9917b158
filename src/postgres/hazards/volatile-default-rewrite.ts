import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, condition, sizeOf } from './_input.ts'
import { isVolatileDefault } from './_volatile-default.ts'

/** A volatile DEFAULT writes every row anew. */
export const volatileDefaultRewrite: HazardRule<PgNode, Topic> = {
  id: 'volatile-default-rewrite',
  group: 'rewrite',
  title: 'A volatile DEFAULT writes every row anew',
  why: 'A constant DEFAULT, or a stable one such as now(), is stored once. A volatile one (random(), clock_timestamp(), gen_random_uuid(), nextval()) may give another value for each row, so that the table and all its indexes are written anew under ACCESS EXCLUSIVE.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured on 13 to 18: 5.4 s for 2 million rows',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column u uuid default gen_random_uuid()',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z timestamptz not null default clock_timestamp()',
      "create function f() returns int language plpgsql as 'begin return 1; end'; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int default f()",
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z timestamptz default now()',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int not null default 5',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column u uuid default gen_random_uuid()',
      "create function f() returns int language plpgsql stable as 'begin return 1; end'; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int default f()",
    ],
  },
  on: ['AT_AddColumn'],
  detect(input) {
    if (!isVolatileDefault(input)) return []
    return actionsOf(input, 'AT_AddColumn').map((found) => ({
      rule: 'volatile-default-rewrite',
      severity: 'error',
      message: `the DEFAULT of ${columnIn(found)?.colname ?? 'the column'} may differ from row to row, so all of ${found.key}${sizeOf(found.key, input.before)} is written anew while all reads and writes wait${condition(input.facts)}`,
      fix: 'Add the column without a default, set the default for new rows, fill the old ones in batches, then set NOT NULL.',
      relation: found.key,
      rewrite: 'add-column-then-backfill',
      breaksOldApp: false,
    }))
  },
}
