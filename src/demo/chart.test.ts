import { describe, expect, it } from 'vitest'
import { drawChart } from './chart.ts'
import type { Slice } from './samples.ts'

const slices = (longest: readonly number[], failedAt?: number): readonly Slice[] =>
  longest.map((longestMs, index) => ({
    atMs: index * 1000,
    queries: 200,
    failed: index === failedAt ? 3 : 0,
    p50Ms: 1,
    p99Ms: 1,
    longestMs,
  }))
const plain = { width: 80, color: false }

describe('chart', () => {
  it('draws each second as a bar on a log scale, with a dotted line at 100 ms', () => {
    const lines = drawChart({ timeline: slices([0.5, 2, 20, 200, 20_000]), markers: [] }, plain)
    expect(`\n${lines.join('\n')}`).toMatchInlineSnapshot(`
      "
         10 s ┤    ▅
              ┤    █
          1 s ┤    █
              ┤    █
       100 ms ┤···▅█
              ┤   ██
        10 ms ┤  ▅██
              ┤  ███
         1 ms ┤▁▅███
              └┴────
               0"
    `)
  })

  it('keeps the same rows whatever it shows', () => {
    const calm = drawChart({ timeline: slices([2, 2]), markers: [] }, plain)
    const stalled = drawChart({ timeline: slices([2, 30_000]), markers: [] }, plain)
    expect(calm.length).toBe(stalled.length)
  })

  it('adds a row for stalls above 31 s', () => {
    const lines = drawChart({ timeline: slices([59_000]), markers: [] }, plain)
    expect(lines.length).toBe(drawChart({ timeline: slices([1]), markers: [] }, plain).length + 1)
  })

  it('puts several seconds into a column rather than run past the terminal, and shows the slowest of them', () => {
    const lines = drawChart({ timeline: slices([...Array.from({ length: 99 }, () => 1), 5000]), markers: [] }, { width: 40, color: false })
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(40)
    expect(lines[2]).toMatch(/█|▄|▅|▃|▆|▇|▂|▁/)
  })

  it('sets markers under their second, and a second one in the same place on a line below', () => {
    const markers = [
      { atMs: 2100, label: 'R' },
      { atMs: 2400, label: '1' },
      { atMs: 4900, label: '2' },
    ]
    const lines = drawChart({ timeline: slices([1, 1, 1, 1, 1]), markers }, plain)
    expect(lines.slice(-2)).toEqual(['           R 2', '           1'])
  })

  it('marks the seconds in which queries failed', () => {
    const lines = drawChart({ timeline: slices([1, 1, 1], 1), markers: [] }, plain)
    expect(lines.at(-1)).toBe(' failed   !')
  })

  it('uses escape codes only where they are allowed', () => {
    const chart = { timeline: slices([1, 200, 2000], 1), markers: [{ atMs: 0, label: 'R' }] }
    expect(drawChart(chart, plain).join('')).not.toContain('\u001B')
    expect(drawChart(chart, { width: 80, color: true }).join('')).toContain('\u001B[31m')
  })
})
