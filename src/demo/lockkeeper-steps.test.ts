import { describe, expect, it } from 'vitest'
import type { Blocker, Event } from '../model/event.ts'
import type { Plan, SqlStep } from '../model/plan.ts'
import { stepsOf } from './lockkeeper-steps.ts'

const step = (id: string): SqlStep => ({
  kind: 'sql',
  id,
  title: `title of ${id}`,
  phase: 'expand',
  hazards: [],
  undo: { kind: 'free' },
  sql: [`ALTER ${id}`],
  session: [],
  transaction: true,
  locks: [],
  lockTimeoutMs: 100,
  statementTimeoutMs: 0,
  waitsForSnapshots: false,
})

const plan = {
  format: 1,
  project: 'public',
  touched: '',
  migrations: [
    { id: 'a', source: 'prisma', file: 'a', checksum: '', checks: [], steps: [step('1'), step('2')], blocked: [] },
    { id: 'b', source: 'prisma', file: 'b', checksum: '', checks: [], steps: [step('1')], blocked: [] },
  ],
} as unknown as Plan

const report = { application: 'monthly report', pid: 7 } as unknown as Blocker

function heard(...events: readonly (readonly [number, Event])[]): Parameters<typeof stepsOf>[1] {
  return events.map(([atMs, event]) => ({ atMs, event }))
}

describe('steps of a run', () => {
  it('tells of each step when it began and ended, what it waited for and how long it held its lock', () => {
    const steps = stepsOf(
      plan,
      heard(
        [10, { type: 'step-started', migration: 'a', step: '1' }],
        [20, { type: 'waiting-for-lock', migration: 'a', step: '1', waitedMs: 5.4, attempts: 0, blockers: [report] }],
        [1020, { type: 'waiting-for-lock', migration: 'a', step: '1', waitedMs: 1005.4, attempts: 0, blockers: [report] }],
        [1500, { type: 'step-done', migration: 'a', step: '1', ms: 1490, attempts: 1, lockHeldMs: 0.7 }],
        [1501, { type: 'step-started', migration: 'a', step: '2' }],
        [1900, { type: 'step-done', migration: 'a', step: '2', ms: 399, attempts: 0, rows: 100 }],
        [1901, { type: 'step-started', migration: 'b', step: '1' }],
      ),
    )
    expect(steps).toEqual([
      {
        migration: 'a',
        id: '1',
        title: 'title of 1',
        startMs: 10,
        endMs: 1500,
        attempts: 1,
        lockHeldMs: 0.7,
        waitedMs: 1005,
        waitedFor: '"monthly report"',
        sql: ['ALTER 1'],
      },
      { migration: 'a', id: '2', title: 'title of 2', startMs: 1501, endMs: 1900, attempts: 0, rows: 100, sql: ['ALTER 2'] },
    ])
  })

  it('keeps steps of the same name in two migrations apart', () => {
    const steps = stepsOf(
      plan,
      heard(
        [1, { type: 'step-started', migration: 'b', step: '1' }],
        [2, { type: 'step-done', migration: 'b', step: '1', ms: 1, attempts: 3 }],
      ),
    )
    expect(steps.map(({ migration, attempts }) => ({ migration, attempts }))).toEqual([{ migration: 'b', attempts: 3 }])
  })
})
