/** Milliseconds of the monotonic clock, the same in every process of a machine (CLOCK_MONOTONIC), so that samples of two processes compare. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6
}
