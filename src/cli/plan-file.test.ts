import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPlanFile } from './plan-file.ts'

const step = {
  id: '1-x',
  title: 'x',
  kind: 'sql',
  phase: 'expand',
  hazards: [],
  undo: { kind: 'cleanup', sql: ['drop table x'] },
  sql: ['create table x ()'],
  session: [],
  transaction: true,
  locks: [{ relation: 'public.t', mode: 'SHARE', blocksReads: false, blocksWrites: true }],
  lockTimeoutMs: 100,
  statementTimeoutMs: 0,
  waitsForSnapshots: false,
}
const planWith = (change: object) => ({
  format: 1,
  command: 'plan',
  project: 'public',
  touched: 'x',
  migrations: [
    { id: 'a', source: 'sql', file: 'a.sql', checksum: 'x', checks: [], steps: [{ ...step, ...change }], blocked: [], later: 'kept' },
  ],
})

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lk-plan-file-'))
})
afterAll(async () => await rm(folder, { recursive: true, force: true }))

async function read(document: unknown) {
  await writeFile(join(folder, 'plan.json'), JSON.stringify(document))
  return await readPlanFile(folder, 'plan.json')
}

test('a plan comes back as it was written, with what a later version added', async () => {
  expect(await read(planWith({ estimate: { lowMs: 1 } }))).toEqual(planWith({ estimate: { lowMs: 1 } }))
})

test.each([
  ['no index', {}],
  ['the index of a primary key', { index: { label: 'pkey' } }],
  ['an index on columns', { index: { addition: 'a_b', label: 'idx' } }],
])('a plan with a step for each partition that makes %s comes back', async (_, index) => {
  const each = { kind: 'each', over: 'leaves', relation: 'public.t', template: [step], ...index }
  expect(await read(planWith(each))).toEqual(planWith(each))
})

test.each([
  ['its SQL missing', { sql: undefined }, 'migrations.0.steps.0.sql'],
  ['a lock of no known mode', { locks: [{ ...step.locks[0], mode: 'MILD' }] }, 'migrations.0.steps.0.locks.0.mode'],
  ['a limit below nothing', { lockTimeoutMs: -1 }, 'migrations.0.steps.0.lockTimeoutMs'],
  ['an undo of no known kind', { undo: { kind: 'magic' } }, 'migrations.0.steps.0.undo.kind'],
  ['a backfill without a table', { kind: 'backfill' }, 'migrations.0.steps.0.work'],
  ['no known kind', { kind: 'wish' }, 'migrations.0.steps.0.kind'],
])('a plan with a step that has %s is refused, by the place', async (_, change, place) => {
  await expect(read(planWith(change))).rejects.toMatchObject({
    code: 'plan-unreadable',
    message: expect.stringContaining(`${place} is`) as string,
  })
})
