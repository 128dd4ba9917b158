import { expect, test } from 'vitest'
import type { Preparation } from '../model/compatibility.ts'
import { judge } from './judge.ts'

const gives = (...columns: readonly (readonly [string, string])[]): Preparation => ({
  kind: 'prepared',
  parameters: [],
  columns: columns.map(([name, type]) => ({ name, type })),
})
const refused: Preparation = { kind: 'refused', sqlstate: '42703', message: 'no' }
const id = ['id', 'integer'] as const

test('what its own schema refuses is unreadable, whatever another one says', () => {
  expect(judge({ home: refused, there: refused })).toEqual({ outcome: 'unreadable', why: 'no (42703)' })
  expect(judge({ home: refused, there: gives(id) })).toMatchObject({ outcome: 'unreadable' })
  expect(judge({ home: gives(id), there: refused })).toEqual({ outcome: 'breaks', sqlstate: '42703', message: 'no' })
})

test('columns are compared by place where there are as many, else by name', () => {
  const changes = (home: Preparation, there: Preparation) => judge({ home, there })
  expect(changes(gives(id), gives(id))).toEqual({ outcome: 'ok' })
  expect(changes(gives(id, ['a', 'text']), gives(id))).toEqual({
    outcome: 'result-changes',
    changes: [{ column: 'a', before: 'text' }],
  })
  expect(changes(gives(id, ['a', 'text']), gives(['a', 'text'], id))).toMatchObject({ changes: { length: 4 } })
  expect(changes(gives(['v', 'numeric(10,2)']), gives(['v', 'numeric(12,2)']))).toEqual({
    outcome: 'result-changes',
    changes: [{ column: 'v', before: 'numeric(10,2)', after: 'numeric(12,2)' }],
  })
  expect(changes(gives(['v', 'timestamp(3) without time zone']), gives(['v', 'text']))).toMatchObject({
    changes: [{ meaning: 'pg gives a string instead of a Date' }],
  })
})
