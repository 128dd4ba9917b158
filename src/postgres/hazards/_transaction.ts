import type { Catalog } from '../../model/catalog.ts'
import type { TableLock } from '../../model/facts.ts'
import type { Judged } from '../../model/hazard.ts'
import { strongerMode } from '../lock-modes.ts'
import type { PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import { isOld, type Input } from './_input.ts'

/** What the transaction leaves: for what only its end decides, such as a key that a later statement adds. */
export function leftBy({ transaction, before }: Input): Catalog {
  const last = transaction.at(-1)
  return last === undefined ? before : simulate(last.statement, last.before)
}

/** What the statement leaves: what the next one finds, where there is one. */
export function afterStatement({ statement, before, transaction, at }: Input): Catalog {
  return transaction[at + 1]?.before ?? simulate(statement, before)
}

/** What stands before the statement in its transaction. */
export function earlierIn({ transaction, at }: Input): readonly Judged<PgNode>[] {
  return transaction.slice(0, at)
}

type Transaction = readonly Judged<PgNode>[]

/** What was found out about a transaction, for all its statements: a file of thousands of them is gone through once, not for each anew. */
export function oncePer<Found>(find: (transaction: Transaction) => Found): (transaction: Transaction) => Found {
  const known = new WeakMap<Transaction, { readonly length: number; readonly found: Found }>()
  return (transaction) => {
    const last = known.get(transaction)
    if (last?.length === transaction.length) return last.found
    const found = find(transaction)
    known.set(transaction, { length: transaction.length, found })
    return found
  }
}

export interface Brought<Value> {
  /** Position of the statement in the transaction. */
  readonly place: number
  readonly value: Value
}

/** What some few statements of a transaction bring, in their order. */
export function broughtBy<Value>(
  bring: (judged: Judged<PgNode>) => readonly Value[],
): (transaction: Transaction) => readonly Brought<Value>[] {
  return oncePer((transaction) => transaction.flatMap((judged, place) => bring(judged).map((value) => ({ place, value }))))
}

const noStatements: Transaction = []

/** The same, of what stands before a statement: in its transaction, and in those of its migration that come before. */
export function broughtBefore<Value>(bring: (judged: Judged<PgNode>) => readonly Value[]): (input: Input) => readonly Value[] {
  const brought = broughtBy(bring)
  return ({ transaction, at, migration = noStatements, start = 0 }) => {
    const earlier = brought(migration).filter(({ place }) => place < start)
    return [...earlier, ...brought(transaction).filter(({ place }) => place < at)].map(({ value }) => value)
  }
}

/** The strongest lock on each table in use that the statements before this one took; the same object until another one comes. */
export function heldBefore({ transaction, at }: Input): ReadonlyMap<string, TableLock> {
  return heldAt(transaction)[at] ?? nothingHeld
}

const nothingHeld: ReadonlyMap<string, TableLock> = new Map()

const heldAt = oncePer((transaction) => {
  const held = [nothingHeld]
  for (const { facts, before } of transaction) {
    const locks = facts.locks.filter(({ relation, blocksReads, blocksWrites }) => (blocksReads || blocksWrites) && isOld(relation, before))
    held.push(withLocks(held.at(-1) ?? nothingHeld, locks))
  }
  return held
})

function withLocks(held: ReadonlyMap<string, TableLock>, locks: readonly TableLock[]): ReadonlyMap<string, TableLock> {
  const stronger = locks.filter((lock) => {
    const other = held.get(lock.relation)
    return other === undefined || strongerMode(lock.mode, other.mode) !== other.mode
  })
  return stronger.length === 0 ? held : new Map([...held, ...stronger.map((lock) => [lock.relation, lock] as const)])
}
