interface Position {
  readonly atMs: number
  readonly lsn: bigint
}

const kept = 600
/** Readings are taken each second. */
const nearMs = 3_000

/**
 * Where the primary's WAL ended, and when. A standby's own figures are not enough: replay_lag stays at its last value while replay stands
 * still, and the age of its last transaction grows while the primary is idle, or loads for long in one transaction (manual, 27.2 and 9.28).
 */
export class Positions {
  #seen: readonly Position[] = []

  add(position: Position): void {
    const all = [...this.#seen, position]
    // The old half thins out: who is minutes behind need not be known to the second.
    this.#seen = all.length <= kept ? all : all.filter((_, i) => i >= kept / 2 || i % 2 === 0)
  }

  /**
   * How long ago the primary was where this standby is now. `sayMs`: what the standby itself says, for what lies before the first reading or
   * between two that are far apart.
   */
  lagMs(replayed: bigint, sayMs: number): number {
    const missing = this.#seen.findIndex(({ lsn }) => lsn > replayed)
    const [had, since, now] = [this.#seen[missing - 1], this.#seen[missing], this.#seen.at(-1)]
    if (since === undefined || now === undefined) return 0
    const [least, most] = [now.atMs - since.atMs, now.atMs - (had?.atMs ?? -Infinity)]
    return most - least <= nearMs ? least : Math.min(Math.max(least, sayMs), most)
  }
}
