import type { HazardRule } from '../../model/hazard.ts'
import { isPartitioned } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { oldOnes } from './_input.ts'

/** DROP INDEX takes ACCESS EXCLUSIVE on the table. */
export const blockingIndexDrop: HazardRule<PgNode, Topic> = {
  id: 'blocking-index-drop',
  group: 'lock',
  title: 'DROP INDEX takes ACCESS EXCLUSIVE on the table',
  why: 'DROP INDEX is quick once it has its lock, but it waits for every transaction that uses the table, and everyone else waits behind it meanwhile.',
  source: 'https://www.postgresql.org/docs/current/sql-dropindex.html; measured on 13 to 18: ACCESS EXCLUSIVE on the table',
  examples: {
    hazardous: ['create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); drop index t_a'],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); drop index concurrently t_a',
      'drop index if exists nothing',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); drop index t_a',
    ],
  },
  on: ['DropStmt'],
  detect({ statement, facts, before }) {
    if (
      !('DropStmt' in statement.node) ||
      statement.node.DropStmt.removeType !== 'OBJECT_INDEX' ||
      statement.node.DropStmt.concurrent === true
    )
      return []
    return oldOnes(
      facts.locks.map(({ relation }) => relation),
      before,
    )
      .slice(0, 1)
      .map((key) => ({
        rule: 'blocking-index-drop',
        severity: 'warning',
        message: `DROP INDEX waits for everyone who uses ${key}, and all reads and writes wait behind it`,
        fix: 'Use DROP INDEX CONCURRENTLY, outside a transaction.',
        relation: key,
        ...(!isPartitioned(key, before) && { rewrite: 'drop-index-concurrently' }),
        breaksOldApp: false,
      }))
  },
}
