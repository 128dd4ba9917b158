import type { Wanted } from '../model/backfill.ts'
import type { BatchProgress } from '../model/event.ts'
import { LockkeeperError } from '../model/errors.ts'
import { BatchSize } from './batch-size.ts'
import type { BackfillJob } from './job.ts'
import { Pace } from './pace.ts'
import type { Ranges } from './ranges.ts'
import { shareUpTo, Stripes } from './stripes.ts'

/** A module may take a second for each row. */
const firstOfCode = { key: 10, pages: 1 } as const

/** What a worker remembers from one batch to the next; nothing of it is needed by whoever goes on after it. */
export class Walker {
  readonly job: BackfillJob
  readonly ranges: Ranges
  readonly size: BatchSize
  readonly stripes: Stripes
  /** Rows of this worker that still matched after they were changed, and all that it changed. */
  still = 0
  rows = 0
  /** What people want of it, as of the last batch. */
  wanted: Wanted = 'run'
  #movedAt = performance.now()
  #inTheWay: string | undefined
  #sweeps = { rows: -1, standing: 0 }
  readonly #pace = new Pace()
  #known: Omit<BatchProgress, 'rows' | 'ms' | 'totalRows' | 'stripes'> = {
    fraction: 0,
    hotShare: 0,
    walBytes: 0,
    sweep: 1,
    rowsPerSecond: 0,
  }
  #lookedAt = -Infinity
  #totalRows = 0

  constructor(job: BackfillJob, ranges: Ranges) {
    const { work, walk, batchTargetMs } = job.definition
    this.job = job
    this.ranges = ranges
    this.size = new BatchSize(batchTargetMs, {
      first: work.kind === 'code' ? firstOfCode[walk.by] : ranges.firstSize,
      largest: ranges.largestSize,
    })
    // Where rows may match again, a range must not be gone through twice.
    this.stripes = new Stripes(work.kind === 'update' && work.falsifies && (walk.by === 'pages' || walk.columns.length === 1))
  }

  /** What a batch takes at once, as pages or keys of the table. */
  get windowSize(): number {
    return Math.ceil(this.size.value / shareUpTo(0, this.stripes.of))
  }

  /** What one lease covers: enough that leasing costs little, little enough that the last ones are shared among workers. */
  get chunkSize(): number {
    return this.windowSize * 4
  }

  /** `rows`: changed so far, by all. Gives how many sweeps in a row have changed none, as far as this worker ended them. */
  endSweep(rows: number): number {
    this.#sweeps = { rows, standing: rows === this.#sweeps.rows ? this.#sweeps.standing + 1 : 0 }
    return this.#sweeps.standing
  }

  moved(): void {
    this.#movedAt = performance.now()
    this.#inTheWay = undefined
  }

  /** How long it has got nowhere. */
  get standsMs(): number {
    return performance.now() - this.#movedAt
  }

  /** Who holds what it waits for, in words. */
  sees(blocker: string): void {
    this.#inTheWay = blocker
    this.job.listener.onHeld({ reason: `rows of ${this.job.definition.work.relation} are locked by ${blocker}`, heldMs: this.standsMs })
  }

  /** Throws `lock-not-had` where it has got nowhere for too long. */
  refuseStanding(cause: unknown): void {
    const { maxLockWaitMs, definition } = this.job
    const { standsMs } = this
    if (standsMs <= maxLockWaitMs) return
    throw new LockkeeperError(
      'lock-not-had',
      `rows of ${definition.work.relation} have stayed locked by another transaction for ${Math.round(standsMs / 1_000)} s: ${this.#inTheWay ?? 'many short transactions took turns'}`,
      { cause },
    )
  }

  /** Asked of the database twice a second, for all workers; in between only what this one did is added. */
  async progress(done: { readonly rows: number; readonly ms: number }): Promise<void> {
    const { job } = this
    this.#totalRows += done.rows
    if (performance.now() - this.#lookedAt >= lookEveryMs) await this.#look()
    job.listener.onBatch({ ...done, ...this.#known, totalRows: this.#totalRows, stripes: this.stripes.of })
  }

  async #look(): Promise<void> {
    const state = await this.job.store.read(this.job.key)
    this.#lookedAt = performance.now()
    if (state === undefined) return
    const { rows, hotRows, walBytes, fraction, sweep } = state
    this.#totalRows = rows
    const pace = this.#pace.add({ atMs: this.#lookedAt, rows, fraction, sweep })
    this.#known = { fraction, walBytes, sweep, hotShare: rows === 0 ? 0 : hotRows / rows, ...pace }
  }
}

const lookEveryMs = 500
