import { expect, test } from 'vitest'
import { estimateText } from './estimate.ts'

const style = { color: false, width: 200 }
const text = (lowMs: number, highMs: number) =>
  estimateText(style, { lowMs, highMs, basis: '1.2 GB, 12,000,000 rows (statistics of 3 hours ago)' })

test('an estimate is a range with what it follows from', () => {
  expect(text(4000, 11_000)).toBe('  works about 4 to 11 s at 1.2 GB, 12,000,000 rows (statistics of 3 hours ago)')
  expect(text(850, 3200)).toContain('works about 850 ms to 3.2 s at')
  expect(text(250_000, 3_600_000)).toContain('about 4 min 10 s to 1 h at')
})

test('a range that begins at nothing has only an upper end', () => {
  expect(text(0, 40)).toContain('works up to about 40 ms at')
  expect(text(0, 0)).toContain('works about 0 ms at')
})

test('without an estimate there is no line', () => {
  expect(estimateText(style, undefined)).toBe('')
})
