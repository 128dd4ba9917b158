import { expect, test } from 'vitest'
import type { Catalog, Index, Relation } from '../model/catalog.ts'
import type { PlannedMigration } from '../model/plan.ts'
import { touchedHash } from './touched.ts'

const index: Index = {
  name: 'i',
  bytes: 8192,
  unique: false,
  valid: true,
  method: 'btree',
  columns: ['a'],
  mentions: ['a'],
  partial: false,
  definition: 'CREATE INDEX i ON public.t USING btree (a)',
}
const relation: Relation = {
  schema: 'public',
  name: 't',
  kind: 'table',
  isNew: false,
  columns: [],
  constraints: [],
  indexes: [index],
  children: [],
  triggers: [],
  publications: [],
  dependentViews: [],
}
const catalogWith = (change: Partial<Index>): Catalog => ({
  server: { flavor: 'postgresql', version: 18 },
  searchPath: ['public'],
  timeZone: 'UTC',
  knowledge: 'whole',
  relations: new Map([['public.t', { ...relation, indexes: [{ ...index, ...change }] }]]),
  types: new Map(),
  functions: new Map(),
})
const migration = {
  steps: [{ kind: 'sql', locks: [{ relation: 'public.t', mode: 'SHARE', blocksReads: false, blocksWrites: true }] }],
} as unknown as PlannedMigration

test('an index that grows does not make a plan stale, and one that is no longer valid does', () => {
  const hash = (change: Partial<Index>) => touchedHash([migration], catalogWith(change))
  expect(hash({ bytes: 16_384 })).toBe(hash({}))
  expect(hash({ valid: false })).not.toBe(hash({}))
})

test('both tables of a copy count', () => {
  const copy = (relation: string, target: string): PlannedMigration =>
    ({ steps: [{ kind: 'backfill', work: { kind: 'insert', relation, target } }] }) as unknown as PlannedMigration
  const hash = (migration: PlannedMigration, valid: boolean) => touchedHash([migration], catalogWith({ valid }))
  expect(hash(copy('public.a', 'public.t'), true)).not.toBe(hash(copy('public.a', 'public.t'), false))
  expect(hash(copy('public.t', 'public.a'), true)).not.toBe(hash(copy('public.t', 'public.a'), false))
})
