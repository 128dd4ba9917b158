import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes, waiting } from './_input.ts'

/** LOCK TABLE holds the table to the end of the transaction. */
export const explicitLock: HazardRule<PgNode, Topic> = {
  id: 'explicit-lock',
  group: 'lock',
  title: 'LOCK TABLE holds the table to the end of the transaction',
  why: 'An explicit lock is held through all that follows it in the transaction.',
  source: 'https://www.postgresql.org/docs/current/sql-lock.html',
  examples: {
    hazardous: ['create table t (id bigint primary key, a int, b text, c varchar(10)); lock table t in share mode'],
    safe: [
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); lock table t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); lock table t in row share mode',
    ],
  },
  on: ['LockStmt'],
  detect({ statement, facts, before }) {
    if (statement.kind !== 'LockStmt') return []
    const tables = oldOnes(
      facts.locks.filter(({ blocksWrites }) => blocksWrites).map(({ relation }) => relation),
      before,
    )
    return tables.length === 0
      ? []
      : [
          {
            rule: 'explicit-lock',
            severity: 'warning',
            message: `LOCK TABLE makes ${waiting(facts, tables[0] ?? '')} to ${listed(tables)} wait until the transaction ends`,
            fix: 'Leave it out, or keep nothing but catalog changes behind it.',
            ...(tables[0] !== undefined && { relation: tables[0] }),
            breaksOldApp: false,
          },
        ]
  },
}
