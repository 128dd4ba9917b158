import { expect, test } from 'vitest'
import { Positions } from './_positions.ts'

function seen(...all: readonly (readonly [atMs: number, lsn: bigint])[]): Positions {
  const positions = new Positions()
  for (const [atMs, lsn] of all) positions.add({ atMs, lsn })
  return positions
}

test('a standby that has all is not behind, whatever it says, since its primary is idle', () => {
  expect(seen([0, 100n], [60_000, 100n]).lagMs(100n, 3_600_000)).toBe(0)
})

test('a standby whose replay stands still falls behind, although it says that it does not', () => {
  expect(seen([0, 100n], [1_000, 200n], [9_000, 300n]).lagMs(100n, 2)).toBe(8_000)
})

test('what a standby says counts only for what was before the first reading', () => {
  expect(seen([0, 100n]).lagMs(50n, 5_000)).toBe(5_000)
  expect(seen([0, 100n], [1_000, 200n]).lagMs(150n, 5_000)).toBe(0)
})

test('between readings that are far apart the standby is believed, within what they allow', () => {
  const apart = seen([0, 100n], [600_000, 200n])
  expect([30_000, 0, 3_600_000].map((sayMs) => apart.lagMs(150n, sayMs))).toEqual([30_000, 0, 600_000])
})

test('hours of readings are kept thinly, and the oldest of them stays', () => {
  const positions = new Positions()
  for (let i = 0; i < 5_000; i += 1) positions.add({ atMs: i * 1_000, lsn: BigInt(i) })
  expect(positions.lagMs(-1n, 0)).toBe(4_999_000)
  expect(positions.lagMs(4_990n, 0)).toBe(8_000)
})
