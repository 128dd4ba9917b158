import { expect, test } from 'vitest'
import { BatchSize } from './batch-size.ts'

function settle(rowsPerMs: number, first: number): number {
  const size = new BatchSize(15, { first, largest: 50_000 })
  for (let batch = 0; batch < 50; batch++) size.took(size.value / rowsPerMs)
  return size.value
}

test('settles at what takes the target time, from below and from above', () => {
  expect(settle(70, 200)).toBeGreaterThan(900)
  expect(settle(70, 200)).toBeLessThan(1_200)
  expect(settle(70, 50_000)).toBeLessThan(1_200)
})

test('a commit that is slow by itself does not bring it down to single rows', () => {
  const size = new BatchSize(15, { first: 1_000, largest: 50_000 })
  for (let batch = 0; batch < 50; batch++) size.took(size.value / 70 + 60, size.value / 70)
  expect(size.value).toBeGreaterThan(25)
  expect(size.value).toBeLessThan(45)
})

test('one slow batch at most halves it', () => {
  const size = new BatchSize(15, { first: 1_000, largest: 50_000 })
  size.took(10_000)
  expect(size.value).toBeGreaterThanOrEqual(500)
})

test('a locked row halves it down to one row, and success ends the count of the time lost', () => {
  const size = new BatchSize(15, { first: 4, largest: 50_000 })
  for (let tries = 0; tries < 5; tries++) size.stuck()
  expect(size.value).toBe(1)
  expect(size.stuckMs).toBeGreaterThan(0)
  size.took(1)
  expect(size.stuckMs).toBe(0)
})
