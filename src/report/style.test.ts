import { describe, expect, it } from 'vitest'
import { count, duration, printable, wrap } from './style.ts'
import { table } from './table.ts'

describe('wrap', () => {
  it('keeps lines within the width, words whole', () => {
    const lines = wrap(
      { color: false, width: 40 },
      '  ',
      'Building the index holds SHARE on public.orders; all writes wait until it is done.',
    ).split('\n')
    expect(lines.length).toBeGreaterThan(1)
    expect(lines.every((line) => line.length <= 40 && line.startsWith('  '))).toBe(true)
  })
})

describe('table', () => {
  const rows = [
    ['812', 'reports', 'idle in transaction'],
    ['7', 'web', 'active'],
  ]
  it('stands in columns where there is room', () => {
    expect(table({ color: false, width: 80 }, { headings: ['pid', 'application', 'state'], rows })).toBe(
      'pid  application  state\n812  reports      idle in transaction\n7    web          active',
    )
  })
  it('becomes a block for each row where there is none', () => {
    expect(table({ color: false, width: 30 }, { headings: ['pid', 'application', 'state'], rows })).toBe(
      'pid: 812\n  application: reports\n  state: idle in transaction\npid: 7\n  application: web\n  state: active',
    )
  })
})

describe('printable', () => {
  it('shows control and direction characters instead of obeying them', () => {
    expect(printable('a\u001b[2Jb\u202ec\nd')).toBe('a\\u001b[2Jb\\u202ec\nd')
  })
})

describe('count', () => {
  it.each([
    [1, '1 row'],
    [999, '999 rows'],
    [2_000_000, '2,000,000 rows'],
  ])('writes %d in groups of three, with the noun in its number', (n, text) => {
    expect(count(n, 'row')).toBe(text)
  })
})

describe('duration', () => {
  it.each([
    [0.25, '0.3 ms'],
    [85, '85 ms'],
    [2000, '2 s'],
    [2345, '2.3 s'],
    [60_000, '1 min'],
    [250_000, '4 min 10 s'],
    [7_500_000, '2 h 5 min'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(duration(ms)).toBe(text)
  })
})
