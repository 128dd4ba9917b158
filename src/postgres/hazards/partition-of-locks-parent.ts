import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes, sizeOf } from './_input.ts'

/** CREATE TABLE ... PARTITION OF takes ACCESS EXCLUSIVE on the parent. */
export const partitionOfLocksParent: HazardRule<PgNode, Topic> = {
  id: 'partition-of-locks-parent',
  group: 'lock',
  title: 'CREATE TABLE ... PARTITION OF takes ACCESS EXCLUSIVE on the parent',
  why: 'It waits for everyone who uses the partitioned table, and everyone waits behind it; a default partition is read as well.',
  source: 'measured on 13 to 18: ATTACH PARTITION takes only SHARE UPDATE EXCLUSIVE on the parent',
  examples: {
    hazardous: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create table m2 partition of m for values from (10) to (20)',
    ],
    safe: [
      'begin; create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create table m2 partition of m for values from (10) to (20)',
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create table m2 (like m including all)',
    ],
  },
  on: ['CreateStmt'],
  detect({ statement, facts, before }) {
    if (!('CreateStmt' in statement.node) || statement.node.CreateStmt.partbound === undefined) return []
    const parents = oldOnes(
      facts.locks.filter(({ blocksReads }) => blocksReads).map(({ relation }) => relation),
      before,
    )
    const read = oldOnes(facts.scans, before)
    return parents.length === 0
      ? []
      : [
          {
            rule: 'partition-of-locks-parent',
            severity: read.length > 0 ? 'error' : 'warning',
            message: `PARTITION OF takes ACCESS EXCLUSIVE on ${listed(parents)}: all reads and writes wait behind it${read.length > 0 ? `, and while all of ${listed(read.map((key) => `${key}${sizeOf(key, before)}`))} is read` : ''}`,
            fix: 'CREATE TABLE ... (LIKE ... INCLUDING DEFAULTS INCLUDING CONSTRAINTS), then ATTACH PARTITION; before that, where there is a default partition, a CHECK on it that says the opposite of the bound (NOT VALID, then VALIDATE).',
            ...(parents[0] !== undefined && { relation: parents[0] }),
            rewrite: 'create-partition-attached',
            breaksOldApp: false,
          },
        ]
  },
}
