import { expect, test } from 'vitest'
import { hoursIn, isWithin } from './_hours.ts'

const [monday, friday, saturday] = [1, 5, 6]

function within(text: string, day: number, time: string): boolean {
  const hours = hoursIn(text)
  if (hours === undefined) throw new Error(text)
  const [hour, minute] = time.split(':').map(Number)
  return isWithin({ day, minute: (hour ?? 0) * 60 + (minute ?? 0) }, hours)
}

test('hours hold from their first minute to the one before their last, on every day where none is named', () => {
  expect(['07:59', '08:00', '19:59', '20:00'].map((time) => within('08:00-20:00', saturday, time))).toEqual([false, true, true, false])
  expect(within('20:00-24:00', monday, '23:59')).toBe(true)
})

test('hours that run over midnight belong to the day on which they began', () => {
  expect(['21:59', '22:00', '05:59', '06:00'].map((time) => within('22:00-06:00', monday, time))).toEqual([false, true, true, false])
  expect(within('fri 22:00-06:00', saturday, '03:00')).toBe(true)
  expect(within('fri 22:00-06:00', friday, '03:00')).toBe(false)
  expect(within('sun 22:00-06:00', monday, '03:00')).toBe(true)
})

test('days are single ones, ranges and lists, with hours or whole', () => {
  expect([monday, friday, saturday].map((day) => within('mon-fri 08:00-20:00', day, '12:00'))).toEqual([true, true, false])
  expect([monday, friday, saturday].map((day) => within('sat-mon', day, '00:00'))).toEqual([true, false, true])
  expect([monday, friday, saturday].map((day) => within('MON,fri', day, '23:59'))).toEqual([true, true, false])
})

test('what begins when it ends, and what is no time or no day, is not taken', () => {
  const none = [
    '',
    '08:00',
    '08:00-08:00',
    '8-20',
    '25:00-26:00',
    '24:00-08:00',
    'someday',
    'mon-fri-sat',
    '08:00-20:00 mon',
    'mon 8',
    'mon 08:00-20:00 x',
  ]
  expect(none.filter((text) => hoursIn(text) !== undefined)).toEqual([])
})
