import { expect, test } from 'vitest'
import { bytesPerSecond, count, durationMs, durationText, percent, sizeBytes } from './_amounts.ts'

test('amounts are read with their unit, in any case and with or without a blank', () => {
  expect([sizeBytes('64MB'), sizeBytes('1.5 gb'), sizeBytes('512kB')]).toEqual([64 * 1024 ** 2, 1.5 * 1024 ** 3, 512 * 1024])
  expect([durationMs('100ms'), durationMs('10 s'), durationMs('5min'), durationMs('1h')]).toEqual([100, 10_000, 300_000, 3_600_000])
  expect([bytesPerSecond('50MB/s'), percent('80%'), count('20')]).toEqual([50 * 1024 ** 2, 80, 20])
})

test('nothing, no unit, a strange unit, a sign and a limit of 0 are no amounts', () => {
  const none = ['', ' ', '10', '0MB', '-1MB', '1e3MB', 'MB', '10 apples', 'constructor']
  expect(none.map(sizeBytes)).toEqual(none.map(() => undefined))
  expect(['', '0s', '10', '10 years', '10MB'].map(durationMs)).toEqual(Array(5).fill(undefined))
  expect(['50MB', '50/s', '/s'].map(bytesPerSecond)).toEqual(Array(3).fill(undefined))
  expect(['', '0', '1.5', '-1', '20 sessions', 'ten'].map(count)).toEqual(Array(6).fill(undefined))
})

test('durations are told in the unit that people think in', () => {
  expect([0.4, 850, 1_500, 9_000, 12_345, 600_000].map(durationText)).toEqual(['0 ms', '850 ms', '1.5 s', '9 s', '12 s', '10 min'])
})
