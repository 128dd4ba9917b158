import { describe, expect, it } from 'vitest'
import type { DemoDocument, WayResult } from './document.ts'
import { summaryText, wayText } from './text.ts'

const idle = { queries: 4400, failed: 0, delayedOver100Ms: 0, p50Ms: 0.9, p99Ms: 2.2, longestMs: 8.4 }

const result = (changes: Partial<WayResult>): WayResult => ({
  way: 'plain',
  ...idle,
  doneMs: 31_000,
  doneAfterBlockerMs: 12,
  blockerMs: 2100,
  failures: {},
  idle,
  steps: [],
  timeline: [
    { atMs: 0, ...idle },
    { atMs: 1000, ...idle, longestMs: 1500 },
    { atMs: 2000, ...idle, longestMs: 20 },
  ],
  ...changes,
})

const lockkeeper = result({
  way: 'lockkeeper',
  doneWithoutTrafficMs: 15_000,
  steps: [
    {
      migration: '1_note',
      id: '1-add-column',
      title: 'add column note',
      startMs: 30,
      endMs: 2110,
      attempts: 1,
      lockHeldMs: 0.6,
      waitedMs: 2060,
      waitedFor: 'monthly report',
    },
    { migration: '2_fill', id: '1-backfill', title: 'fill status', startMs: 2120, endMs: 4120, attempts: 0, rows: 100_000 },
  ],
})

const document: DemoDocument = {
  format: 1,
  command: 'demo',
  server: { flavor: 'postgresql', version: 18 },
  machine: { cores: 2, memoryBytes: 1, node: 'v20' },
  rows: 20_000,
  reportSeconds: 2,
  ways: [result({ failed: 3, failures: { '40P01': 3 }, delayedOver100Ms: 4100, longestMs: 20_100 }), lockkeeper],
  totalMs: 1,
}

const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length))

describe('the text of the demo', () => {
  it('sets the ways side by side', () => {
    const text = summaryText(document, { color: false, width: 80 })
    expect(text).toMatch(/plain +lockkeeper/)
    expect(text).toMatch(/queries failed +3 \(40P01\) +0/)
    expect(text).toMatch(/delayed over 100 ms +4,100 +0/)
    expect(text).toMatch(/longest stall +20\.1 s +8\.4 ms/)
  })

  it('tells what Lockkeeper did, step by step, with what it waited for', () => {
    const text = summaryText(document, { color: false, width: 200 })
    expect(text).toContain(
      '1  1_note\n   30 ms: add column note; stood aside 2.1 s for monthly report, with nobody queued behind it; held the lock for 0.6 ms.',
    )
    expect(text).toContain('2  2_fill\n   2.1 s: fill status; 100,000 rows in small batches; took 2 s.')
    expect(text).toContain('Without traffic and report the same plan took 15 s.')
  })

  it('marks the end of the report and each commit in the chart', () => {
    const text = wayText(lockkeeper, { color: false, width: 80 })
    expect(text.trimEnd().split('\n').slice(-3)).toEqual(['           R', '           1', '           2'])
  })

  it('keeps within 40 columns where it is told to', () => {
    const style = { color: false, width: 40 }
    expect(widest(summaryText(document, style))).toBeLessThanOrEqual(40)
    expect(widest(wayText(lockkeeper, style))).toBeLessThanOrEqual(40)
  })

  it('has no escape codes without colour', () => {
    const text = summaryText(document, { color: false, width: 80 }) + wayText(lockkeeper, { color: false, width: 80 })
    expect(text).not.toContain('\u001B')
  })
})
