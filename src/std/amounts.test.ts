import { expect, test } from 'vitest'
import { ageText, grouped, sizeText } from './amounts.ts'

test('sizes are written in the unit that a person would take', () => {
  expect([0, 1023, 1024, 16_384, 1.2 * 1024 ** 3, 120 * 1024 ** 4, 5 * 1024 ** 6].map(sizeText)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1 kB',
    '16 kB',
    '1.2 GB',
    '120 TB',
    '5120 PB',
  ])
})

test('an age has one unit', () => {
  expect([-5, 59_000, 60_000, 3 * 3_600_000, 86_400_000 * 6.5].map(ageText)).toEqual([
    'just now',
    'just now',
    '1 minute ago',
    '3 hours ago',
    '6 days ago',
  ])
})

test('numbers are grouped by thousands', () => {
  expect([0, 999, 1000, 12_000_000].map(grouped)).toEqual(['0', '999', '1,000', '12,000,000'])
})
