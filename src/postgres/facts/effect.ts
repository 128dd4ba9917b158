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
    locks: strongest(joined(effects, (effect) => effect.locks)),
    scans: joined(effects, (effect) => effect.scans),
    rewrites: joined(effects, (effect) => effect.rewrites),
    builds: joined(effects, (effect) => effect.builds),
    destroys: joined(effects, (effect) => effect.destroys),
    creates: joined(effects, (effect) => effect.creates),
    waitsFor: joined(effects, (effect) => effect.waitsFor),
    alone: effects.some((effect) => effect.alone === true),
    conditions: joined(effects, (effect) => effect.conditions),
  }
}

const empty: readonly never[] = []

// Nearly all lists of nearly all effects are empty.
function joined<Item>(effects: readonly Effect[], listOf: (effect: Effect) => readonly Item[] | undefined): readonly Item[] {
  let only: readonly Item[] = empty
  let several: Set<Item> | undefined
  for (const effect of effects) {
    const list = listOf(effect)
    if (list === undefined || list.length === 0) continue
    if (only.length === 0) only = list
    else {
      several ??= new Set(only)
      for (const item of list) several.add(item)
    }
  }
  return several === undefined ? only : [...several]
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
  const found = new Map<string, TableLock>()
  for (const lock of locks) {
    const other = found.get(lock.relation)
    if (other === undefined || strongerMode(lock.mode, other.mode) !== other.mode) found.set(lock.relation, lock)
  }
  return [...found.values()].toSorted((a, b) => (a.relation < b.relation ? -1 : 1))
}

function shared(names: readonly string[]): readonly string[] {
  if (names.length === 0) return empty
  return [...new Set(names)].filter(isShared).toSorted()
}

// Nobody waits for our own temporary tables; the server's catalogs are locked by every statement, and only for a moment.
function isShared(relation: string): boolean {
  return !/^(pg_temp|pg_catalog|information_schema)\./.test(relation)
}
