import type { Catalog } from '../../model/catalog.ts'
import type { Hazard, HazardRule } from '../../model/hazard.ts'
import { findIndex } from '../names.ts'
import type { AlterTableStmt, PgNode } from '../node.ts'
import { isOld, listed, oldOnes, sizeOf } from './_input.ts'

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
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); alter index t_a set tablespace fast',
    ],
    safe: ['create table t (id bigint primary key, a int, b text, c varchar(10)); reindex table concurrently t'],
  },
  on: ['ReindexStmt', 'AT_SetTableSpace'],
  detect({ statement, facts, before }) {
    if ('AlterTableStmt' in statement.node) return movedIndex(statement.node.AlterTableStmt, before)
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

/** SET TABLESPACE copies the index under ACCESS EXCLUSIVE on it, and the planner of every query looks at all indexes of its table. */
function movedIndex({ relation, cmds = [] }: AlterTableStmt, before: Catalog): readonly Hazard[] {
  const table = findIndex(relation ?? {}, before)?.relation
  const moves = cmds.some(
    (node) => 'AlterTableCmd' in node && node.AlterTableCmd.subtype === 'AT_SetTableSpace' && node.AlterTableCmd.name !== 'pg_default',
  )
  if (!moves || table === undefined || !isOld(table, before)) return []
  return [
    {
      rule: 'blocking-reindex',
      severity: 'error',
      message: `SET TABLESPACE copies an index of ${table}${sizeOf(table, before)} while all reads and writes to the table wait`,
      fix: 'Use REINDEX (TABLESPACE ...) INDEX CONCURRENTLY, outside a transaction (14 on).',
      relation: table,
      rewrite: 'reindex-concurrently',
      breaksOldApp: false,
    },
  ]
}
