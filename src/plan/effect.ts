import { lockModes, type TableLock } from '../model/facts.ts'
import type { Judged } from '../model/hazard.ts'
import type { Part } from './parts.ts'

/** Locks on tables that were there before the run, weaker ones than DDL takes left out: nobody waits behind those. */
export function feltLocks<Node>({ facts, before }: Judged<Node>): readonly TableLock[] {
  const old = facts.locks.filter(({ relation }) => before.relations.get(relation)?.isNew !== true)
  return old.filter(({ mode }) => lockModes.indexOf(mode) >= lockModes.indexOf('SHARE UPDATE EXCLUSIVE'))
}

/** Those behind which plain reads or writes would wait. */
export function blockingLocks<Node>(judged: Judged<Node>): readonly TableLock[] {
  return feltLocks(judged).filter(({ blocksReads, blocksWrites }) => blocksReads || blocksWrites)
}

/** One lock for each relation, the strongest. */
export function strongestLocks(locks: readonly TableLock[]): readonly TableLock[] {
  const found = new Map<string, TableLock>()
  for (const lock of locks) {
    const other = found.get(lock.relation)
    if (other === undefined || lockModes.indexOf(lock.mode) > lockModes.indexOf(other.mode)) found.set(lock.relation, lock)
  }
  return [...found.values()].toSorted((a, b) => (a.relation < b.relation ? -1 : 1))
}

/**
 * Reads, rewrites or builds on a table that was there before: more than an instant. What is checked against a table of this run
 * (a foreign key from it) is as short as that table.
 */
export function works<Node>({ judged: { facts, before } }: Part<Node>): boolean {
  const isOld = (relation: string) => before.relations.get(relation)?.isNew !== true
  return (facts.scans.length > 0 && facts.scans.every(isOld)) || [...facts.rewrites, ...facts.builds].some(isOld)
}

/** Works while someone waits behind its lock. */
export function worksUnderLock<Node>(part: Part<Node>): boolean {
  return works(part) && blockingLocks(part.judged).length > 0
}
