import type { Blocker } from '../model/event.ts'
import { lockNotHad } from './blockers.ts'
import type { LockRequest } from './lock-request.ts'

/** A transaction younger than this may well end within the budget; 500 ms is the gate that starved nobody (pgfacts.md C, S2). */
const gateFloorMs = 500
const reportEveryMs = 1_000
const remembered = 16

/**
 * `old`: a transaction that is old for this table holds a lock (or awaits one before us). `first`: one that was there at the first look still is.
 * `later`: all of those have gone; whoever is there came after them.
 */
export type Holders = 'old' | 'first' | 'later'

/**
 * Looks at who is in the way and decides whether trying makes sense. "Old" is relative: on a table whose transactions
 * commonly last 2 s, a gate of 500 ms would never open, so it rises with the median of the durations seen to end.
 */
export class BlockerWatch {
  readonly #request: LockRequest
  readonly #began = performance.now()
  /** By transaction: when first seen, for servers that hide the ages of others, and the last age seen. */
  readonly #seen = new Map<string, { readonly firstMs: number; ageMs: number }>()
  readonly #ended: number[] = []
  #firstLook: number | undefined
  #reported = 0
  #last: readonly Blocker[] = []

  constructor(request: LockRequest) {
    this.#request = request
  }

  /** Looks once; it takes no lock. */
  async look(attempts: number): Promise<Holders> {
    const blockers = (await this.#request.look()).filter((blocker) => !blocker.yields)
    this.#last = blockers
    this.#remember(blockers)
    this.#firstLook ??= performance.now()
    const old = blockers.filter((blocker) => this.#ageOf(blocker) > this.#gateMs(blocker))
    if (old.length === 0) return this.#wereThere(blockers) ? 'first' : 'later'
    this.refuseWhenOver(attempts)
    this.#report(attempts, old)
    return 'old'
  }

  #wereThere(blockers: readonly Blocker[]): boolean {
    const sinceMs = performance.now() - (this.#firstLook ?? this.#began)
    return blockers.some((blocker) => this.#ageOf(blocker) >= sinceMs)
  }

  /** Throws `lock-not-had` once the time or the attempts allowed are over. */
  refuseWhenOver(attempts: number): void {
    const waitedMs = performance.now() - this.#began
    const over = waitedMs > this.#request.maxWaitMs || attempts >= (this.#request.maxAttempts ?? Number.POSITIVE_INFINITY)
    if (over) throw lockNotHad(this.#request.locks.map((lock) => lock.relation).join(', '), waitedMs, this.#last)
  }

  #report(attempts: number, blockers: readonly Blocker[]): void {
    const now = performance.now()
    if (now - this.#reported < reportEveryMs) return
    this.#reported = now
    this.#request.onWait(now - this.#began, attempts, blockers)
  }

  #remember(blockers: readonly Blocker[]): void {
    const now = performance.now()
    const present = new Set(blockers.map((blocker) => blocker.transaction))
    for (const [transaction, { ageMs }] of this.#seen) {
      if (present.has(transaction)) continue
      this.#seen.delete(transaction)
      this.#ended.push(ageMs)
      if (this.#ended.length > remembered) this.#ended.shift()
    }
    for (const blocker of blockers) {
      const before = this.#seen.get(blocker.transaction) ?? { firstMs: now, ageMs: 0 }
      this.#seen.set(blocker.transaction, { ...before, ageMs: blocker.transactionAgeMs ?? now - before.firstMs })
    }
  }

  #ageOf(blocker: Blocker): number {
    return this.#seen.get(blocker.transaction)?.ageMs ?? 0
  }

  /** On a replica nothing can be tried without waiting: what replays our lock waits there for whoever it finds, and others wait behind it. */
  #gateMs({ server }: Blocker): number {
    const floor = server === undefined ? gateFloorMs : this.#request.budgetMs
    if (this.#ended.length < remembered / 2) return floor
    const sorted = this.#ended.toSorted((a, b) => a - b)
    return Math.max(floor, 1.5 * (sorted[Math.floor(sorted.length / 2)] ?? 0))
  }
}
