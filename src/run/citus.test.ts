import { expect, it } from 'vitest'
import type { Citus } from '../model/citus.ts'
import type { PlannedMigration, Step } from '../model/plan.ts'
import { citusTables } from './citus.ts'

const citus: Citus = {
  version: '12.1-1',
  coordinator: true,
  tables: [
    { relation: 'public.events', kind: 'distributed' },
    { relation: 'public.countries', kind: 'reference' },
    { relation: 'public.settings', kind: 'local' },
  ],
}
const sql = (...relations: readonly string[]) =>
  ({ kind: 'sql', id: '1-sql', locks: relations.map((relation) => ({ relation, mode: 'ACCESS EXCLUSIVE' })) }) as unknown as Step
const batches = (relation: string) => ({ kind: 'backfill', id: '2-fill', work: { kind: 'update', relation } }) as unknown as Step
const planned = (...steps: readonly Step[]) => [{ id: '1_m', steps } as unknown as PlannedMigration]

it('names the tables in shards that a plan touches, each once', () => {
  expect(citusTables(citus, planned(sql('public.events', 'public.plain'), sql('public.events', 'public.countries')))).toEqual([
    'public.countries',
    'public.events',
  ])
  expect(citusTables(citus, planned(sql('public.settings')))).toEqual([])
})

it('refuses batches over shards, and lets them be on local tables', () => {
  expect(() => citusTables(citus, planned(batches('public.events')))).toThrow('1_m changes rows of public.events in batches')
  expect(() => citusTables(citus, planned(batches('public.countries')))).toThrow('public.countries')
  expect(citusTables(citus, planned(batches('public.settings'), batches('public.plain')))).toEqual([])
})

it('refuses a worker', () => {
  expect(() => citusTables({ ...citus, coordinator: false }, [])).toThrow('a worker of a Citus 12.1-1 cluster')
})
