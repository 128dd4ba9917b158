import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { listed, oldOnes } from './_input.ts'

/** REINDEX blocks writes, and reads that use the index. */
export const blockingReindex: HazardRule<PgNode> = {
  id: 'blocking-reindex',
  group: 'lock',
  title: 'REINDEX blocks writes, and reads that use the index',
  why: 'REINDEX holds SHARE on the table and ACCESS EXCLUSIVE on the index while it builds: writes wait, and so does every query that plans with the index.',
  source: 'https://www.postgresql.org/docs/current/sql-reindex.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); reindex table t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); reindex index t_a',
    ],
    safe: ['create table t (id bigint primary key, a int, b text, c varchar(10)); reindex table concurrently t'],
  },
  detect({ statement, facts, before }) {
    if (!('ReindexStmt' in statement.node) || facts.waitsFor.length > 0) return []
    const tables = oldOnes(facts.builds, before)
    return tables.length === 0
      ? []
      : [
          {
            rule: 'blocking-reindex',
            severity: 'error',
            message: `REINDEX blocks all writes to ${listed(tables)}, and reads that would use the index, until it is built`,
            fix: 'Use REINDEX CONCURRENTLY, outside a transaction.',
            ...(tables[0] !== undefined && { relation: tables[0] }),
            rewrite: 'reindex-concurrently',
            breaksOldApp: false,
          },
        ]
  },
}
