import { describe, expect, it } from 'vitest'
import type { WayStep } from './document.ts'
import { doneAfterBlocker, resultOf } from './result.ts'

const step = (startMs: number, endMs: number): WayStep => ({ migration: 'm', id: 's', title: 't', startMs, endMs, attempts: 1 })

describe('time to the first commit after the report', () => {
  it('is that of the step that the report held back, not of one that came before', () => {
    expect(doneAfterBlocker({ steps: [step(0, 900), step(950, 2030), step(2031, 2035)], blockerMs: 2000, doneMs: 3000 })).toBe(30)
  })

  it('is that of the first step at all where the report ended before any began', () => {
    expect(doneAfterBlocker({ steps: [step(2100, 2150), step(2151, 2900)], blockerMs: 2000, doneMs: 3000 })).toBe(150)
  })

  it('is zero where all was done before the report ended', () => {
    expect(doneAfterBlocker({ steps: [step(0, 10)], blockerMs: 2000, doneMs: 20 })).toBe(0)
  })
})

describe('the result of a way', () => {
  it('keeps the idle stretch and the migration apart', () => {
    const sample = (dueMs: number, latencyMs: number) => ({ dueMs, latencyMs, kind: 'read' })
    const run = { window: { fromMs: 1000, toMs: 3500 }, doneMs: 1500.4, blockerMs: 400.2, steps: [step(10.4, 410.6)] }
    const result = resultOf('plain', [sample(10, 1), sample(1000, 800), sample(3200, 3)], { idle: { fromMs: 0, toMs: 1000 }, run })
    expect(result).toMatchObject({
      way: 'plain',
      queries: 2,
      delayedOver100Ms: 1,
      longestMs: 800,
      doneMs: 1500,
      blockerMs: 400,
      doneAfterBlockerMs: 10,
    })
    expect(result.idle).toMatchObject({ queries: 1, longestMs: 1 })
    expect(result.timeline.map((slice) => slice.longestMs)).toEqual([800, 0, 3])
    expect(result.steps).toEqual([step(10, 411)])
  })
})
