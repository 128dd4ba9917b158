import type { Catalog } from '../../model/catalog.ts'
import type { HazardRule, Judged } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { listed, oldOnes } from './_input.ts'
import { earlierIn } from './_transaction.ts'

/** One transaction keeps several tables locked. */
export const manyTablesLocked: HazardRule<PgNode> = {
  id: 'many-tables-locked',
  group: 'transaction',
  title: 'One transaction keeps several tables locked',
  why: 'Locks are kept to the end: while the second table is waited for, everyone who needs the first waits as well, and a transaction of the application that uses the two in the other order makes a deadlock with it. The more tables, the likelier.',
  source: 'https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS',
  examples: {
    hazardous: [
      'create table t (id bigint primary key); create table u (id bigint primary key); begin; alter table u add column z int; alter table t add column z int',
      'create table p (id int primary key); create table q (id int primary key); create table t (a int, b int); begin; alter table t add foreign key (a) references p not valid; alter table t add foreign key (b) references q not valid',
    ],
    safe: [
      'create table t (id bigint primary key); begin; alter table t add column y int; alter table t add column z int',
      'create table t (id bigint primary key); begin; create table u (id bigint primary key); alter table u add column z int; alter table t add column z int',
      'create table t (id bigint primary key); create table u (id bigint primary key); alter table u add column z int; alter table t add column z int',
      'create table p (id int primary key); create table t (a int); alter table t add foreign key (a) references p not valid',
    ],
  },
  detect(input) {
    const now = lockedBy([input])
    const earlier = now.length === 0 ? [] : lockedBy(earlierIn(input))
    const all = [...new Set([...earlier, ...now])]
    // Told once, where the second table comes in.
    if (earlier.length === 0 || all.length === earlier.length || earlier.length > firstCount(input.transaction)) return []
    const inAll = [...new Set([...all, ...lockedBy(input.transaction)])]
    return [
      {
        rule: 'many-tables-locked',
        severity: inAll.length < manyTables ? 'info' : 'warning',
        message: `the transaction keeps ${listed(inAll)} locked at once, taken in this order: who uses them in another order meets it in a deadlock`,
        fix: `Put each table into a transaction of its own, as lockkeeper apply does; where they belong together, lock them in one order everywhere (${inAll.toSorted().join(', ')}).`,
        ...(now[0] !== undefined && { relation: now[0] }),
        breaksOldApp: false,
      },
    ]
  },
}

/** Two are common: a foreign key cannot do with less. */
const manyTables = 3

/** Old tables that others cannot write, or read, from then on; in the order in which they are locked. */
function lockedBy(statements: readonly Judged<PgNode>[]): readonly string[] {
  const tables = statements.flatMap(({ facts, before }) => {
    const blocked = facts.locks.filter(({ blocksWrites, blocksReads }) => blocksWrites || blocksReads).map(({ relation }) => relation)
    return oldOnes(blocked, before)
      .filter((key) => before.relations.get(key)?.kind !== 'sequence')
      .map((key) => rootOf(key, before))
  })
  return [...new Set(tables)]
}

/** Partitions count as one table with those above them. */
function rootOf(key: string, catalog: Catalog): string {
  const parent = catalog.relations.get(key)?.partitionOf
  return parent === undefined ? key : rootOf(parent, catalog)
}

/** How many tables the first statement that locks any locks by itself: a foreign key takes two. */
function firstCount(statements: readonly Judged<PgNode>[]): number {
  return statements.map((judged) => lockedBy([judged]).length).find((count) => count > 0) ?? 0
}
