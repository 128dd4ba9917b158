/**
 * How large a batch is, so that it takes about `targetMs`: an application's query waits for a row as long as a batch
 * lasts, not for how fast all goes (pgfacts.md B: 10 to 20 ms cost nothing in throughput).
 */
export class BatchSize {
  readonly #targetMs: number
  readonly #largest: number
  #value: number
  #stuckSince: number | undefined

  constructor(targetMs: number, { first, largest }: { readonly first: number; readonly largest: number }) {
    this.#targetMs = targetMs
    this.#value = first
    this.#largest = largest
  }

  get value(): number {
    return this.#value
  }

  /** How long no batch has succeeded. */
  get stuckMs(): number {
    return this.#stuckSince === undefined ? 0 : performance.now() - this.#stuckSince
  }

  /**
   * Never more than doubles or halves at once: one slow batch (a checkpoint, an autovacuum) is no trend. `workMs` is without the commit: a disk
   * or a standby that takes 50 ms to confirm takes them for one row too, and must not bring the batches down to that.
   */
  took(ms: number, workMs = ms): void {
    this.#stuckSince = undefined
    const countedMs = Math.min(ms, leastShare * workMs)
    const factor = Math.min(2, Math.max(0.5, this.#targetMs / Math.max(0.1, countedMs)))
    // Half the way, so that it does not swing.
    this.#set(this.#value * (1 + (factor - 1) / 2))
  }

  /** A row was locked by somebody: half as much next time. */
  stuck(): void {
    this.#stuckSince ??= performance.now()
    this.#set(this.#value / 2)
  }

  #set(value: number): void {
    this.#value = Math.min(this.#largest, Math.max(1, Math.round(value)))
  }
}

/** Where commits are slow, the work alone still gets this share of the target; a larger one makes larger flushes, behind which others wait. */
const leastShare = 32
