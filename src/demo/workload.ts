/** What takes the place of a parameter each time the query is sent. */
export type Value =
  /** A whole number between the two, both included. */
  | { readonly from: number; readonly to: number }
  /** One of these. */
  | { readonly oneOf: readonly (string | number)[] }

/** One kind of query of the application, on connections of its own. */
export interface Workload {
  readonly kind: string
  readonly sql: string
  readonly values: readonly Value[]
  readonly connections: number
  /** Queries due a second, evenly spread with jitter. 0: as fast as the connections can (closed loop: due when the one before was answered). */
  readonly perSecond: number
}

/** Random numbers that are the same for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** The parameters of one query. */
export function drawValues(values: readonly Value[], random: () => number): readonly (string | number)[] {
  return values.map((value) => {
    if ('from' in value) return value.from + Math.floor(random() * (value.to - value.from + 1))
    return value.oneOf[Math.floor(random() * value.oneOf.length)] ?? 0
  })
}
