import { expect, test } from 'vitest'
import type { JournalEntry, JournalEvent } from '../model/journal.ts'
import { fold, inFlight } from './state.ts'

const at = new Date(0)
const entries = (...events: readonly JournalEvent[]): readonly JournalEntry[] => events.map((event) => ({ at, event }))
const started: JournalEvent = { type: 'migration-started', migration: 'a' }
const stepDone: JournalEvent = { type: 'step-done', migration: 'a', step: '1', ms: 1, attempts: 0 }

test('a step that was started and not done is the only one to be probed', () => {
  const { steps, state } = fold(
    entries(started, { type: 'step-started', migration: 'a', step: '1' }, stepDone, { type: 'step-started', migration: 'a', step: '2' }),
  ).get('a') ?? { steps: new Map<string, string>(), state: undefined }
  expect([...steps]).toEqual([
    ['1', 'done'],
    ['2', 'started'],
  ])
  expect(state).toBe('running')
})

test('a migration that starts again after an abort starts from nothing', () => {
  const progress = fold(
    entries(started, stepDone, { type: 'migration-aborting', migration: 'a' }, { type: 'migration-aborted', migration: 'a' }, started),
  )
  expect(progress.get('a')?.steps.size).toBe(0)
  expect(inFlight(progress)).toEqual(['a'])
})

test('a migration whose abort began is not to be gone on with, whatever failed meanwhile', () => {
  const progress = fold(
    entries(
      started,
      stepDone,
      { type: 'migration-aborting', migration: 'a' },
      { type: 'migration-failed', migration: 'a', code: 'x', message: 'x' },
    ),
  )
  expect(progress.get('a')?.state).toBe('aborting')
})

test('what is complete or aborted is not in flight', () => {
  expect(inFlight(fold(entries(started, { type: 'migration-done', migration: 'a' })))).toEqual([])
  expect(inFlight(fold(entries(started, { type: 'migration-aborted', migration: 'a' })))).toEqual([])
})
