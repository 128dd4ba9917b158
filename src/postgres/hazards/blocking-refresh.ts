import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { oldOnes, sizeOf } from './_input.ts'

/** REFRESH MATERIALIZED VIEW blocks its readers. */
export const blockingRefresh: HazardRule<PgNode, Topic> = {
  id: 'blocking-refresh',
  group: 'lock',
  title: 'REFRESH MATERIALIZED VIEW blocks its readers',
  why: 'The view is filled anew under ACCESS EXCLUSIVE: whoever reads it waits until its query is through.',
  source: 'https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select id from t; refresh materialized view v',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select id from t; create unique index on v (id); refresh materialized view v',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select id from t; create unique index on v (id); refresh materialized view concurrently v',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); create materialized view v as select id from t; refresh materialized view v',
    ],
  },
  on: ['RefreshMatViewStmt'],
  detect({ statement, facts, before }) {
    if (!('RefreshMatViewStmt' in statement.node) || statement.node.RefreshMatViewStmt.concurrent === true) return []
    return oldOnes(facts.rewrites, before).map((key) => ({
      rule: 'blocking-refresh',
      severity: 'error',
      message: `${key}${sizeOf(key, before)} cannot be read until its query is through`,
      fix: 'Give it a unique index and use REFRESH MATERIALIZED VIEW CONCURRENTLY.',
      relation: key,
      rewrite: 'refresh-concurrently',
      breaksOldApp: false,
    }))
  },
}
