/**
 * In how many batches a range of pages is changed, and how much of it each takes. Once the first is committed, page pruning frees the room of
 * its rows, and most of the next ones stay on their page (HOT), so that no index is written for them (measured with equal stripes, pgfacts.md
 * B: 1.35 times the rows a second of one UPDATE, 0.61 of its WAL). Changed rows are larger, so that what is freed has room for fewer than left
 * it: stripes that shrink fit better than equal ones. An old snapshot or an index on the changed column takes the gain away,
 * and then reading the range again and again is waste. So what is seen decides, and is looked at again.
 */
export class Stripes {
  readonly #possible: boolean
  #of: number
  #plainWindows = leastPlain
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
      if (this.#windows >= this.#plainWindows) this.#start(stripes)
    } else if (this.#windows >= triedWindows) {
      const pays = this.#pays()
      this.#plainWindows = pays ? leastPlain : Math.min(mostPlain, this.#plainWindows * 2)
      this.#start(pays ? stripes : 1)
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

/** Up to which share of a range's rows the first `pass + 1` of its batches go. */
export function shareUpTo(pass: number, of: number): number {
  return (1 - shrink ** (pass + 1)) / (1 - shrink ** of)
}

/**
 * Measured on 400,000 rows of 104 bytes with three indexes, which grow by a sixth (bench:backfill's table, WAL of a row; one UPDATE: 631 bytes, no
 * HOT): 6 stripes 402 and 65 % HOT, 8 equal ones 388 and 66 %, 10 that shrink by a twentieth 377 and 70 %. Ones that shrink faster have more
 * HOT and as much WAL, since so large a first one splits the leaves of the key's index, which a build leaves a tenth of.
 */
const stripes = 10
const shrink = 0.95
/**
 * How many times the target the first one may take: no row of it stays on its page, so that it is the slowest by far, and all ten take the target
 * in the mean (measured: 1.1 ms of each batch are the same for one row and for a thousand).
 */
export const firstStripe = 2
const triedWindows = 3
/**
 * Plain ones, of an eighth of the size, from half a second to some ten: the ANALYZE of an autovacuum holds rows back for a second or two, a report for
 * an hour. To try costs an eighth more of a quarter of a second.
 */
const leastPlain = 16
const mostPlain = 512
/** Below it (pgfacts.md B: "set K=1 when it stays below 30 %") a plain walk is faster. */
const leastShare = 0.3
/** Of so few rows in a range none makes room for another. */
const fewRows = 64
