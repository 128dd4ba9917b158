import type { Facts, TableLock } from '../../model/facts.ts'
import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { heldBefore } from './_transaction.ts'
import { isOld, listed, oldOnes, sizeOf } from './_input.ts'

/** Work is done while an earlier statement of the transaction still holds its lock. */
export const lockHeldThroughWork: HazardRule<PgNode> = {
  id: 'lock-held-through-work',
  group: 'transaction',
  title: 'Work is done while an earlier statement of the transaction still holds its lock',
  why: 'A lock is held to the end of the transaction. A quick ALTER TABLE that is followed, in the same transaction, by an UPDATE, a build or a check keeps everyone out of its table until all of that is done.',
  source: 'https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table other (id int); begin; alter table t add column z int; update other set id = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); begin; alter table t add constraint k check (a > 0) not valid; alter table t validate constraint k',
    ],
    safe: [
      'create table t (id bigint primary key, a int); begin; alter table t add column z int; alter table t alter column a set not null',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table other (id int); begin; alter table t add column z int; alter table other add column z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int; update t set z = 1',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1',
    ],
  },
  detect(input) {
    const { facts, before } = input
    const work = oldOnes([...new Set([...facts.scans, ...facts.rewrites, ...facts.builds])], before)
    if (work.length === 0) return []
    const earlier = [...heldBefore(input).values()].filter((lock) => isOld(lock.relation, before) && addsTo(facts, lock))
    const held = earlier.map(({ relation }) => relation).toSorted()
    if (held.length === 0) return []
    return [
      {
        rule: 'lock-held-through-work',
        severity: 'error',
        message: `an earlier statement of the transaction keeps ${listed(held)} locked while this one goes through ${listed(work.map((key) => `${key}${sizeOf(key, before)}`))}`,
        fix: 'Put the two into transactions of their own, as lockkeeper apply does.',
        ...(held[0] !== undefined && { relation: held[0] }),
        breaksOldApp: false,
      },
    ]
  },
}

// What the statement's own lock does to others is said by its own rule.
function addsTo({ locks }: Facts, held: TableLock): boolean {
  const own = locks.find(({ relation }) => relation === held.relation)
  return (held.blocksReads && own?.blocksReads !== true) || (held.blocksWrites && own?.blocksWrites !== true)
}
