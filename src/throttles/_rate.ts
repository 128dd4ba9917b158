interface Counted {
  readonly ms: number
  readonly bytes: number
}

const windowMs = 10_000

/** A counter's growth over the last 10 s of its readings. */
export class Rate {
  #seen: readonly Counted[] = []

  /** Undefined at the first reading, and at the first after a pause of more than 10 s. */
  add(now: Counted): { readonly perSecond: number; readonly seconds: number } | undefined {
    this.#seen = [...this.#seen.filter(({ ms }) => now.ms - ms <= windowMs), now]
    const first = this.#seen[0] ?? now
    const seconds = (now.ms - first.ms) / 1_000
    return seconds > 0 ? { perSecond: (now.bytes - first.bytes) / seconds, seconds } : undefined
  }
}
