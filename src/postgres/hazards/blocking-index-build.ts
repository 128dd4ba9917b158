import type { HazardRule } from '../../model/hazard.ts'
import { isPartitioned } from '../facts/relations.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { condition, isOld, oldOnes, sizeOf, waiting } from './_input.ts'

/** CREATE INDEX blocks writes. */
export const blockingIndexBuild: HazardRule<PgNode, Topic> = {
  id: 'blocking-index-build',
  group: 'lock',
  title: 'CREATE INDEX blocks writes',
  why: 'CREATE INDEX reads the whole table, and its partitions, under SHARE: every INSERT, UPDATE and DELETE waits until the index is built. On a large table these are minutes.',
  source:
    'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY; measured on 13 to 18: SHARE, 955 ms for 2 million rows',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index on t (b) where a > 1',
      'create table m (id int) partition by range (id); create table m1 partition of m for values from (0) to (9); create index on m (id)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently on t (a)',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index if not exists t_pkey on t (id)',
    ],
  },
  on: ['IndexStmt'],
  detect({ statement, facts, before }) {
    if (!('IndexStmt' in statement.node) || statement.node.IndexStmt.concurrent === true) return []
    const key = relationKey(statement.node.IndexStmt.relation ?? {}, before)
    const built = oldOnes(facts.builds, before)
    if (!isOld(key, before) || built.length === 0) return []
    return [
      {
        rule: 'blocking-index-build',
        severity: 'error',
        message: `CREATE INDEX blocks ${waiting(facts, key)} to ${key}${sizeOf(key, before)} until the index is built${condition(facts)}`,
        fix: isPartitioned(key, before)
          ? 'Build the index of each partition with CREATE INDEX CONCURRENTLY, then attach them to one made with ON ONLY.'
          : 'Use CREATE INDEX CONCURRENTLY, outside a transaction.',
        relation: key,
        rewrite: isPartitioned(key, before) ? 'create-index-per-partition' : 'create-index-concurrently',
        breaksOldApp: false,
      },
    ]
  },
}
