import { expect, test } from 'vitest'
import { isWithin } from './window.ts'

test('a window within a day begins at its first minute and ends before its last', () => {
  const window = { fromMinute: 120, toMinute: 240 }
  expect([119, 120, 239, 240].map((minute) => isWithin(minute, window))).toEqual([false, true, true, false])
})

test('a window may run over midnight', () => {
  const window = { fromMinute: 23 * 60, toMinute: 4 * 60 }
  expect([22 * 60, 23 * 60, 0, 239, 240].map((minute) => isWithin(minute, window))).toEqual([false, true, true, true, false])
})
