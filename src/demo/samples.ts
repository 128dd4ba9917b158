/** One query of the application. Times are milliseconds of the machine's monotonic clock. */
export interface Sample {
  /** When it should have been sent: the latency counts from here, so that a stalled client hides nothing. */
  readonly dueMs: number
  readonly latencyMs: number
  readonly kind: string
  /** Present where it failed. */
  readonly sqlstate?: string
}

export interface Window {
  readonly fromMs: number
  readonly toMs: number
}

export interface Figures {
  readonly queries: number
  readonly failed: number
  readonly delayedOver100Ms: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly longestMs: number
}

/** A stretch of a window; `atMs` counts from the window's start. */
export interface Slice {
  readonly atMs: number
  readonly queries: number
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly longestMs: number
}

/** The figures of the queries that were due in the window. */
export function figuresOf(samples: readonly Sample[], window: Window): Figures {
  const due = dueIn(samples, window)
  const sorted = sortedLatencies(due)
  return {
    queries: due.length,
    failed: due.filter((sample) => sample.sqlstate !== undefined).length,
    delayedOver100Ms: sorted.filter((ms) => ms > 100).length,
    ...percentiles(sorted),
  }
}

/** Failed queries of the window, counted by SQLSTATE. */
export function failuresOf(samples: readonly Sample[], window: Window): { readonly [sqlstate: string]: number } {
  const counts: { [sqlstate: string]: number } = {}
  for (const { sqlstate } of dueIn(samples, window)) if (sqlstate !== undefined) counts[sqlstate] = (counts[sqlstate] ?? 0) + 1
  return counts
}

/** The window cut into slices of equal length; a slice in which nothing was due stands with zeros. */
export function timelineOf(samples: readonly Sample[], window: Window, sliceMs: number): readonly Slice[] {
  const count = Math.max(1, Math.ceil((window.toMs - window.fromMs) / sliceMs))
  const slices: Sample[][] = Array.from({ length: count }, () => [])
  for (const sample of dueIn(samples, window)) slices[Math.floor((sample.dueMs - window.fromMs) / sliceMs)]?.push(sample)
  return slices.map((slice, index) => ({
    atMs: index * sliceMs,
    queries: slice.length,
    failed: slice.filter((sample) => sample.sqlstate !== undefined).length,
    ...percentiles(sortedLatencies(slice)),
  }))
}

function dueIn(samples: readonly Sample[], { fromMs, toMs }: Window): readonly Sample[] {
  return samples.filter((sample) => sample.dueMs >= fromMs && sample.dueMs < toMs)
}

function sortedLatencies(samples: readonly Sample[]): Float64Array {
  return Float64Array.from(samples, (sample) => sample.latencyMs).toSorted()
}

function percentiles(sorted: Float64Array): { readonly p50Ms: number; readonly p99Ms: number; readonly longestMs: number } {
  return { p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99), longestMs: percentile(sorted, 1) }
}

/** Nearest rank, in milliseconds with two digits; 0 where there is nothing. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return Math.round(value * 100) / 100
}
