import { expect, it } from 'vitest'
import { byNearness, nearest } from './nearest.ts'

const known = ['drop-table', 'drop-column', 'blocking-index-build', 'truncate']

it.each([
  ['drop-tabel', 'drop-table'],
  ['blocking-index', 'blocking-index-build'],
  ['index-build', 'blocking-index-build'],
  ['truncat', 'truncate'],
  ['something-else', undefined],
  ['', undefined],
])('takes %j for %s', (typed, meant) => {
  expect(nearest(typed, known)).toBe(meant)
})

it('puts the same letters in another order before others that are as far off', () => {
  expect(byNearness('stauts', ['plan', 'start', 'status'])).toEqual(['status', 'start', 'plan'])
})
