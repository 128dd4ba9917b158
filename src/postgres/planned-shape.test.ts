import * as v from 'valibot'
import { expect, test } from 'vitest'
import type { Walk, Work } from '../model/plan.ts'
import { plannedShape } from './planned-shape.ts'

const insert: Work = {
  kind: 'insert',
  relation: 'public.a',
  target: 'public.b',
  into: 'INSERT INTO public.b (x)',
  select: 'a.x',
  where: 'true',
  conflict: '',
  falsifies: false,
}
const code: Work = { kind: 'code', relation: 't', where: 'true', falsifies: false, module: 'm.ts', export: 'fill', hash: 'h' }
const key: Walk = { by: 'key', columns: ['id'], types: ['bigint'], descending: true }

function isPlanned(work: unknown, walk: unknown): boolean {
  const base = { id: '1-x', title: 'x', phase: 'backfill', hazards: [], undo: { kind: 'free' } }
  const steps = [{ ...base, kind: 'backfill', work, walk, batchTargetMs: 15 }]
  return v.safeParse(plannedShape, { id: 'm', source: 'sql', file: 'm.sql', checksum: '', checks: [], steps, blocked: [] }).success
}

test.each<[string, unknown, unknown]>([
  ['rows copied from a table', insert, key],
  ['a module', code, key],
  ['a walk by pages', code, { by: 'pages' }],
])('%s is read back', (_, work, walk) => {
  expect(isPlanned(work, walk)).toBe(true)
})

test.each<[string, unknown, unknown]>([
  ['a copy without its target', { ...insert, target: undefined }, key],
  ['a copy that says it ends by itself', { ...insert, falsifies: true }, key],
  ['a module without its hash', { ...code, hash: undefined }, key],
  ['a direction that is no boolean', code, { ...key, descending: 'yes' }],
  ['a kind that nobody knows', { ...code, kind: 'merge' }, key],
])('%s is refused', (_, work, walk) => {
  expect(isPlanned(work, walk)).toBe(false)
})
