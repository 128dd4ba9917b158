import { describe, expect, it } from 'vitest'
import { failuresOf, figuresOf, percentile, timelineOf } from './samples.ts'
import type { Sample } from './samples.ts'

const sample = (dueMs: number, latencyMs: number, sqlstate?: string): Sample => ({
  dueMs,
  latencyMs,
  kind: 'read',
  ...(sqlstate === undefined ? {} : { sqlstate }),
})

describe('figures of a window', () => {
  it('counts the queries that were due in the window, not those that were answered in it', () => {
    const samples = [sample(99, 500), sample(100, 1), sample(199, 900), sample(200, 1)]
    expect(figuresOf(samples, { fromMs: 100, toMs: 200 })).toEqual({
      queries: 2,
      failed: 0,
      delayedOver100Ms: 1,
      p50Ms: 1,
      p99Ms: 900,
      longestMs: 900,
    })
  })

  it('counts a query of exactly 100 ms as not delayed over 100 ms', () => {
    expect(figuresOf([sample(0, 100), sample(1, 100.01)], { fromMs: 0, toMs: 10 }).delayedOver100Ms).toBe(1)
  })

  it('counts failed queries, each under its SQLSTATE', () => {
    const samples = [sample(0, 1, '40P01'), sample(1, 1, '40P01'), sample(2, 1, '23514'), sample(3, 1)]
    expect(figuresOf(samples, { fromMs: 0, toMs: 10 }).failed).toBe(3)
    expect(failuresOf(samples, { fromMs: 0, toMs: 10 })).toEqual({ '40P01': 2, '23514': 1 })
  })

  it('answers zeros for a window without queries', () => {
    expect(figuresOf([], { fromMs: 0, toMs: 10 })).toEqual({ queries: 0, failed: 0, delayedOver100Ms: 0, p50Ms: 0, p99Ms: 0, longestMs: 0 })
  })
})

describe('percentile', () => {
  it('takes the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
    expect([percentile(hundred, 0.5), percentile(hundred, 0.99), percentile(hundred, 1)]).toEqual([50, 99, 100])
    expect(percentile([7], 0.5)).toBe(7)
  })
})

describe('timeline', () => {
  it('puts each query into the slice in which it was due and keeps empty slices', () => {
    const slices = timelineOf([sample(1000, 5), sample(1999, 50), sample(3500, 7, '57014')], { fromMs: 1000, toMs: 4000 }, 1000)
    expect(slices.map(({ atMs, queries, failed, longestMs }) => ({ atMs, queries, failed, longestMs }))).toEqual([
      { atMs: 0, queries: 2, failed: 0, longestMs: 50 },
      { atMs: 1000, queries: 0, failed: 0, longestMs: 0 },
      { atMs: 2000, queries: 1, failed: 1, longestMs: 7 },
    ])
  })
})
