import type { Facts, LockMode, TableLock } from '../../model/facts.ts'
import { strongerMode, tableLock } from '../lock-modes.ts'

/** A part of what a statement does. Parts are merged: lists are joined, the strongest lock on each relation stays. */
export interface Effect {
  readonly locks?: readonly TableLock[]
  readonly scans?: readonly string[]
  readonly rewrites?: readonly string[]
  readonly builds?: readonly string[]
  readonly destroys?: readonly string[]
  readonly creates?: readonly string[]
  readonly waitsFor?: Facts['waitsFor']
  /** Cannot run in a transaction block. */
  readonly alone?: boolean
  /** What the catalog could not settle. */
  readonly conditions?: readonly string[]
}

export const nothing: Effect = {}

/** The same lock on each relation. */
export function locksOn(mode: LockMode, relations: readonly string[]): Effect {
  return { locks: relations.map((relation) => tableLock(relation, mode)) }
}

/** All parts as one. */
export function merge(...effects: readonly Effect[]): Effect {
  return {
    locks: strongest(effects.flatMap((effect) => effect.locks ?? [])),
    scans: joined(effects, 'scans'),
    rewrites: joined(effects, 'rewrites'),
    builds: joined(effects, 'builds'),
    destroys: joined(effects, 'destroys'),
    creates: joined(effects, 'creates'),
    waitsFor: joined(effects, 'waitsFor'),
    alone: effects.some((effect) => effect.alone === true),
    conditions: joined(effects, 'conditions'),
  }
}

type ListField = Exclude<keyof Effect, 'locks' | 'alone'>

const empty: readonly never[] = []

// Nearly all lists of nearly all effects are empty.
function joined<Field extends ListField>(effects: readonly Effect[], field: Field): NonNullable<Effect[Field]> {
  const lists = effects.map((effect) => effect[field]).filter((list) => list !== undefined && list.length > 0)
  const [only = empty] = lists
  return (lists.length < 2 ? only : [...new Set(lists.flat())]) as NonNullable<Effect[Field]>
}

/** The parts as Facts, in a stable order. A table that is rewritten, or on which an index is built, is also read. */
export function predictedFacts(...effects: readonly Effect[]): Facts {
  const all = merge(...effects)
  const [rewrites, builds, conditions] = [all.rewrites ?? [], all.builds ?? [], all.conditions ?? []]
  return {
    evidence: 'predicted',
    locks: (all.locks ?? []).filter(({ relation }) => isShared(relation)),
    scans: shared([...(all.scans ?? []), ...rewrites, ...builds]),
    rewrites: shared(rewrites),
    builds: shared(builds),
    destroys: all.destroys ?? [],
    creates: all.creates ?? [],
    transaction: all.alone === true ? 'forbidden' : 'allowed',
    waitsFor: all.waitsFor ?? [],
    ...(conditions.length > 0 && { condition: conditions.join('; ') }),
  }
}

/** One lock for each relation, the strongest, sorted by name. */
export function strongest(locks: readonly TableLock[]): readonly TableLock[] {
  if (locks.length < 2) return locks
  const modes = new Map<string, LockMode>()
  for (const { relation, mode } of locks) modes.set(relation, strongerMode(mode, modes.get(relation) ?? mode))
  return [...modes].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([relation, mode]) => tableLock(relation, mode))
}

function shared(names: readonly string[]): readonly string[] {
  if (names.length === 0) return empty
  return [...new Set(names)].filter(isShared).toSorted()
}

// Nobody waits for our own temporary tables; the server's catalogs are locked by every statement, and only for a moment.
function isShared(relation: string): boolean {
  return !/^(pg_temp|pg_catalog|information_schema)\./.test(relation)
}
