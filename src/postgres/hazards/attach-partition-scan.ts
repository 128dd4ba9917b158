import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, listed, oldOnes, sizeOf } from './_input.ts'

/** ATTACH PARTITION reads the new partition, and a default one, under ACCESS EXCLUSIVE. */
export const attachPartitionScan: HazardRule<PgNode, Topic> = {
  id: 'attach-partition-scan',
  group: 'lock',
  title: 'ATTACH PARTITION reads the new partition, and a default one, under ACCESS EXCLUSIVE',
  why: 'The server looks whether all rows fit the bounds, unless a valid CHECK says so: while it reads, nobody can use the table that is attached, and nobody the default partition.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ATTACH-PARTITION; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create table n (id int, k int); alter table m attach partition n for values from (10) to (20)',
    ],
    safe: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create table n (id int not null, k int, check (id >= 10 and id < 20)); alter table m attach partition n for values from (10) to (20)',
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); begin; create table n (id int, k int); alter table m attach partition n for values from (10) to (20)',
    ],
  },
  on: ['AT_AttachPartition'],
  detect(input) {
    const { facts, before } = input
    const read = oldOnes(facts.scans, before)
    return actionsOf(input, 'AT_AttachPartition').flatMap(({ key }) =>
      read.length === 0
        ? []
        : [
            {
              rule: 'attach-partition-scan',
              severity: 'error' as const,
              message: `attaching a partition to ${key} reads all of ${listed(read.map((table) => `${table}${sizeOf(table, before)}`))} while all reads and writes there wait`,
              fix: 'Add a CHECK that says what the bounds say to the table beforehand (NOT VALID, then VALIDATE), and one that says the opposite to the default partition.',
              relation: read[0] ?? key,
              rewrite: 'attach-partition-proven',
              breaksOldApp: false,
            },
          ],
    )
  },
}
