export interface PaceSample {
  readonly atMs: number
  readonly rows: number
  /** 0 to 1 of the sweep. */
  readonly fraction: number
  readonly sweep: number
}

export interface PaceReading {
  readonly rowsPerSecond: number
  /** Absent below one percent, and behind the first sweep, whose rest nobody knows. */
  readonly etaMs?: number
}

/** How fast it goes now: of the last half minute, so that a pause or a throttle of an hour ago does not count. */
export class Pace {
  #samples: readonly PaceSample[] = []

  add(sample: PaceSample): PaceReading {
    this.#samples = [...this.#samples.filter(({ atMs, sweep }) => sample.atMs - atMs <= windowMs && sweep === sample.sweep), sample]
    const first = this.#samples[0] ?? sample
    const ms = sample.atMs - first.atMs
    if (ms <= 0) return { rowsPerSecond: 0 }
    const done = sample.fraction - first.fraction
    const known = sample.fraction >= 0.01 && sample.sweep === 1 && done > 0
    return { rowsPerSecond: ((sample.rows - first.rows) / ms) * 1_000, ...(known ? { etaMs: ((1 - sample.fraction) / done) * ms } : {}) }
  }
}

const windowMs = 30_000
