import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'

/** The statement cannot run in a transaction. */
export const concurrentlyInTransaction: HazardRule<PgNode> = {
  id: 'concurrently-in-transaction',
  group: 'transaction',
  title: 'The statement cannot run in a transaction',
  why: 'CREATE and DROP INDEX CONCURRENTLY, REINDEX CONCURRENTLY, VACUUM and their like are refused in a transaction, and several statements sent together are one, even without BEGIN.',
  source:
    'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY; https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-MULTI-STATEMENT',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; alter table t add column z int; create index concurrently on t (z)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; update t set a = 1 where id = 1; vacuum t',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; create index on t (a)',
    ],
  },
  detect({ statement, facts, transaction }) {
    if (facts.transaction !== 'forbidden' || transaction.length < 2) return []
    const relation = facts.locks[0]?.relation
    return [
      {
        rule: 'concurrently-in-transaction',
        severity: 'error',
        message: `${statement.sql.split(/\s+/).slice(0, 3).join(' ').toUpperCase()}${relation === undefined ? '' : ` (on ${relation})`} is refused by the server in a transaction, and it stands in one with ${transaction.length - 1} other statement${transaction.length === 2 ? '' : 's'}`,
        fix: 'Put it into a file of its own that the ORM runs without a transaction.',
        ...(relation !== undefined && { relation }),
        breaksOldApp: false,
      },
    ]
  },
}
