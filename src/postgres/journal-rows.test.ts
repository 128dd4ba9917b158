import { describe, expect, test } from 'vitest'
import { entryOf, storedOf } from './journal-rows.ts'

const at = new Date('2026-11-26T10:00:00Z')
const planned = { id: 'a', source: 'sql', file: 'a.sql', checksum: 'x', checks: [], steps: [], blocked: [] }
const stored = { migration: planned, history: { name: 'a', batch: 1 }, source: 'sql', allowed: [], toolVersion: '1.0.0' }
const started = { seq: 7n, at, body: new Uint8Array([1]), stored }

const refused = (message: string): unknown =>
  expect.objectContaining({ code: 'journal-unreadable', message: expect.stringContaining(message) as string })

describe('an entry', () => {
  const row = { seq: 3n, at, event: 'step-done', migration: 'a', step: '1-x', data: { ms: 4, attempts: 1, later: 'kept' } }

  test('comes back as it was written, with what a later version added', () => {
    expect(entryOf(row)).toEqual({
      at,
      event: { type: 'step-done', migration: 'a', step: '1-x', ms: 4, attempts: 1, later: 'kept' },
    })
    expect(entryOf({ ...row, event: 'migration-done', step: null, data: {} })).toEqual({
      at,
      event: { type: 'migration-done', migration: 'a' },
    })
  })

  test.each([
    ['without its step', { step: null }, 'event.step'],
    ['of a kind that is never written', { event: 'step-undone' }, 'event.type'],
    ['that failed without a reason', { event: 'migration-failed', data: null }, 'event.code'],
    ['at no time', { at: Infinity }, 'at'],
    ['at a time without a literal', { at: new Date('+020000-01-01T00:00:00Z') }, 'at'],
  ])('%s is refused, by row and place', (_, change, place) => {
    expect(() => entryOf({ ...row, ...change })).toThrow(refused(`row 3: ${place} is`))
  })
})

describe('what was stored of a migration', () => {
  test('comes back as it was written, with what a later version added', () => {
    const more = { ...stored, ledger: { schema: 's', table: 't' }, later: 'kept' }
    expect(storedOf({ ...started, stored: more }, 'a')).toEqual({ ...more, bytes: started.body, startedAt: at })
  })

  test.each([
    ['nothing at all', { stored: null }, 'migration'],
    ['a text', { stored: 'plan' }, 'migration'],
    ['a plan without steps', { stored: { ...stored, migration: { ...planned, steps: {} } } }, 'migration.steps'],
    ['a history of no plain values', { stored: { ...stored, history: { name: [] } } }, 'history.name'],
    ['a history with a number beyond all numbers', { stored: { ...stored, history: { batch: Infinity } } }, 'history.batch'],
    ['no bytes', { body: null }, 'bytes'],
    ['the plan of another one', { stored: { ...stored, migration: { ...planned, id: 'b' } } }, 'it holds the plan of b'],
  ])('being %s is refused, by row and place', (_, change, place) => {
    expect(() => storedOf({ ...started, ...change }, 'a')).toThrow(refused(`row 7: ${place}`))
  })
})
