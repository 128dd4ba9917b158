import { describe, expect, test } from 'vitest'
import { shareUpTo, Stripes } from './stripes.ts'

function walk(stripes: Stripes, windows: number, [rows, hotShare]: readonly [number, number]): void {
  for (let window = 0; window < windows; window++) stripes.took(rows, rows * hotShare)
}

describe('stripes', () => {
  test('stay while rows stay on their pages', () => {
    const stripes = new Stripes(true)
    walk(stripes, 100, [10_000, 0.7])
    expect(stripes.of).toBeGreaterThan(1)
  })

  test('give way to plain batches where an old snapshot keeps rows from staying, and are tried again, ever more seldom', () => {
    const stripes = new Stripes(true)
    walk(stripes, 3, [10_000, 0.05])
    expect(stripes.of).toBe(1)
    const plain = [0, 0, 0, 0, 0, 0, 0].map(() => {
      let windows = 0
      for (; stripes.of === 1; windows++) walk(stripes, 1, [1_000, 0])
      walk(stripes, 3, [10_000, 0.05])
      return windows
    })
    expect(plain).toEqual([32, 64, 128, 256, 512, 512, 512])
    walk(stripes, 512, [1_000, 0])
    walk(stripes, 3, [10_000, 0.7])
    expect(stripes.of).toBeGreaterThan(1)
  })

  test('give way where there is next to nothing to change', () => {
    const stripes = new Stripes(true)
    walk(stripes, 3, [2, 1])
    expect(stripes.of).toBe(1)
  })

  test('are never made where a range must not be gone through twice', () => {
    const stripes = new Stripes(false)
    walk(stripes, 1_000, [10_000, 0.9])
    expect(stripes.of).toBe(1)
  })
})

test('the shares of the batches add up to all rows, the first one the largest', () => {
  const shares = Array.from({ length: 10 }, (_, pass) => shareUpTo(pass, 10) - (pass === 0 ? 0 : shareUpTo(pass - 1, 10)))
  expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
  expect(shares.every((share, pass) => pass === 0 || share < (shares[pass - 1] ?? 0))).toBe(true)
  expect(shareUpTo(0, 1)).toBe(1)
})
