import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf } from './_input.ts'

/** DETACH PARTITION takes ACCESS EXCLUSIVE on the parent. */
export const blockingDetach: HazardRule<PgNode, Topic> = {
  id: 'blocking-detach',
  group: 'lock',
  title: 'DETACH PARTITION takes ACCESS EXCLUSIVE on the parent',
  why: 'It waits for everyone who uses the partitioned table, and everyone waits behind it.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DETACH-PARTITION; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); alter table m detach partition m1',
    ],
    safe: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); alter table m detach partition m1 concurrently',
      'begin; create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); alter table m detach partition m1',
    ],
  },
  on: ['AT_DetachPartition'],
  detect(input) {
    return actionsOf(input, 'AT_DetachPartition')
      .filter(({ key }) => input.facts.locks.some(({ relation, blocksReads }) => relation === key && blocksReads))
      .map(({ key }) => ({
        rule: 'blocking-detach',
        severity: 'warning',
        message: `DETACH PARTITION takes ACCESS EXCLUSIVE on ${key}: all reads and writes of all partitions wait behind it`,
        fix:
          input.before.server.version >= 14
            ? 'Use DETACH PARTITION ... CONCURRENTLY, outside a transaction.'
            : 'Before 14 there is no other way than a short lock_timeout and retries, which apply makes.',
        relation: key,
        rewrite: 'detach-partition-concurrently',
        breaksOldApp: false,
      }))
  },
}
