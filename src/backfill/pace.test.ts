import { expect, test } from 'vitest'
import { Pace } from './pace.ts'

test('the pace is that of the last half minute, and so is the time left', () => {
  const pace = new Pace()
  pace.add({ atMs: 0, rows: 0, fraction: 0, sweep: 1 })
  pace.add({ atMs: 3_600_000, rows: 0, fraction: 0.1, sweep: 1 })
  const { rowsPerSecond, etaMs } = pace.add({ atMs: 3_610_000, rows: 50_000, fraction: 0.3, sweep: 1 })
  expect(rowsPerSecond).toBe(5_000)
  expect(etaMs).toBeCloseTo(35_000)
})

test('no time left is told below one percent, at a standstill and behind the first sweep', () => {
  const pace = new Pace()
  pace.add({ atMs: 0, rows: 0, fraction: 0, sweep: 1 })
  expect(pace.add({ atMs: 1_000, rows: 10, fraction: 0.009, sweep: 1 }).etaMs).toBeUndefined()
  pace.add({ atMs: 60_000, rows: 10, fraction: 0.5, sweep: 1 })
  expect(pace.add({ atMs: 61_000, rows: 10, fraction: 0.5, sweep: 1 })).toEqual({ rowsPerSecond: 0 })
  pace.add({ atMs: 62_000, rows: 10, fraction: 0.1, sweep: 2 })
  expect(pace.add({ atMs: 63_000, rows: 20, fraction: 0.9, sweep: 2 })).toEqual({ rowsPerSecond: 10 })
})
