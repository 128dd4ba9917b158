import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { isOld, sizeOf } from './_input.ts'

/** A table or view goes. */
export const dropTable: HazardRule<PgNode> = {
  id: 'drop-table',
  group: 'data-loss',
  title: 'A table or view goes',
  why: 'Queries of the running application on it fail, and the data of a table cannot be had back.',
  source: 'https://www.postgresql.org/docs/current/sql-droptable.html',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); drop table t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id from t; drop view v',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select id from t; drop materialized view v',
      'create schema s; create table s.t (id int); drop schema s cascade',
    ],
    safe: [
      'drop table if exists nothing',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); drop table t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); drop index if exists t_nothing',
    ],
  },
  detect({ facts, before }) {
    const gone = facts.destroys.flatMap((thing) => /^(table|view) (.*)$/.exec(thing)?.slice(1, 3).join(' ') ?? [])
    return gone
      .map((thing) => [thing, thing.slice(thing.indexOf(' ') + 1)] as const)
      .filter(([, key]) => isOld(key, before))
      .map(([thing, key]) => ({
        rule: 'drop-table',
        severity: 'error',
        message: `${thing}${sizeOf(key, before)} goes; queries of the running application on it fail`,
        fix: 'Deploy a version that does not use it first. Rename it, and drop it once nobody missed it.',
        relation: key,
        rewrite: 'drop-table',
        breaksOldApp: true,
      }))
  },
}
