/**
 * In how many batches a range of pages is changed. In eight, each taking every eighth row: once the first is committed, page pruning frees its
 * room, and most of the rows of the next ones stay on their page (HOT), so that no index is written for them (measured, pgfacts.md B: 1.35
 * times the rows a second of one UPDATE, 0.61 of its WAL). An old snapshot, a second worker or an index on the changed column takes the gain
 * away, and then eight times the reading is waste. So what is seen decides, and is looked at again.
 */
export class Stripes {
  readonly #possible: boolean
  #of: number
  #windows = 0
  #rows = 0
  #hotRows = 0

  /** `possible`: what was changed no longer matches, so that a range can be gone through again. */
  constructor(possible: boolean) {
    this.#possible = possible
    this.#of = possible ? stripes : 1
  }

  get of(): number {
    return this.#of
  }

  /** A range was gone through. */
  took(rows: number, hotRows: number): void {
    if (!this.#possible) return
    this.#windows += 1
    this.#rows += rows
    this.#hotRows += hotRows
    if (this.#of === 1) {
      if (this.#windows >= plainWindows) this.#start(stripes)
    } else if (this.#windows >= triedWindows) {
      this.#start(this.#pays() ? stripes : 1)
    }
  }

  #pays(): boolean {
    return this.#rows >= fewRows * this.#windows && this.#hotRows >= leastShare * this.#rows
  }

  #start(of: number): void {
    this.#of = of
    this.#windows = 0
    this.#rows = 0
    this.#hotRows = 0
  }
}

/** Measured with 4, 8 and 16 (pgfacts.md B): HOT 57, 67 and 72 % of the rows; beyond eight the reading costs more than is gained. */
const stripes = 8
const triedWindows = 3
/** In plain ones of an eighth of the size: some 10 s, after which an old snapshot may be gone. */
const plainWindows = 400
/** Below it (pgfacts.md B: "set K=1 when it stays below 30 %") a plain walk is faster. */
const leastShare = 0.3
/** Of so few rows in a range none makes room for another. */
const fewRows = 64
