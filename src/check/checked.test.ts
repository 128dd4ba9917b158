import { expect, it } from 'vitest'
import type { Facts } from '../model/facts.ts'
import type { Hazard, Severity } from '../model/hazard.ts'
import { keyOf } from './baseline.ts'
import { checked, type Desk } from './checked.ts'
import { fingerprintOf } from './fingerprint.ts'
import type { PendingMigration } from './pending.ts'
import { defaultPolicy } from './policy.ts'

const facts: Facts = {
  evidence: 'predicted',
  locks: [],
  scans: [],
  rewrites: [],
  builds: [],
  destroys: [],
  creates: [],
  transaction: 'allowed',
  waitsFor: [],
}
const hazard = (rule: string, severity: Severity = 'error'): Hazard => ({ rule, severity, message: rule, fix: 'f', breaksOldApp: false })
const desk = (given: Partial<Desk> = {}): Desk => ({
  policy: defaultPolicy,
  known: new Set(['a', 'b']),
  idle: new Set(),
  today: '2026-11-24',
  accepted: new Set(),
  ...given,
})

function pending(comment: string): PendingMigration<unknown> {
  const bytes = new TextEncoder().encode(`${comment}\nselect 1;`)
  const start = bytes.length - 'select 1;'.length
  const placed = { sql: 'select 1', parameters: [], start, line: 2, column: 1, kind: 'SelectStmt', node: {} }
  const migration = { id: '1_x', source: 'sql', file: 'db/1_x.sql', checksum: '', transaction: 'file', history: {} } as const
  return { migration: { ...migration, body: { kind: 'sql', bytes } }, statements: [placed], observed: [] }
}

/** What is said where these are the hazards of the one statement, for one major after the other. */
function said(comment: string, byMajor: readonly (readonly Hazard[])[], given: Partial<Desk> = {}) {
  const verdicts = byMajor.map((hazards, at) => [{ version: 13 + at, facts, hazards, estimated: { kind: 'none' as const } }])
  const [statement] = checked(pending(comment), verdicts, desk(given)).statements
  return { rules: statement?.hazards.map(({ rule }) => rule), suppressed: statement?.suppressed.map(({ rule, by }) => [rule, by]) }
}

it('does not hide, by what is ignored on one major, what stands on another', () => {
  expect(said('-- lockkeeper-ignore a: known', [[hazard('a')], [hazard('b', 'warning')]])).toEqual({
    rules: ['b'],
    suppressed: [['a', 'comment']],
  })
})

it('takes a comment to be of use that is of use on one major only', () => {
  expect(said('-- lockkeeper-ignore a: known', [[hazard('b')], [hazard('a', 'info')]]).rules).toEqual(['b'])
  expect(said('-- lockkeeper-ignore a: known', [[hazard('b')]]).rules).toEqual(['b', 'suppression-unused'])
})

it('leaves a comment in peace whose rule nobody asked for this time', () => {
  expect(said('-- lockkeeper-ignore a: known', [[]], { idle: new Set(['a']) }).rules).toEqual([])
})

it('lets the severity that a team gives a rule hold for what is wrong with comments too', () => {
  const policy = { ...defaultPolicy, rules: { 'suppression-unused': { severity: 'off' as const } } }
  expect(said('-- lockkeeper-ignore a: known', [[]], { policy }).rules).toEqual([])
})

it('takes back what the baseline accepts, after the comments, and says which entry is of no use', () => {
  const entry = { rule: 'a', migration: '1_x', statement: 'select 1', fingerprint: fingerprintOf('1_x', 'SELECT  1') }
  const policy = { ...defaultPolicy, baseline: { format: 1 as const, findings: [entry] } }
  const accepted = new Set([keyOf(entry)])
  expect(said('--', [[hazard('a'), hazard('b')]], { policy, accepted })).toEqual({ rules: ['b'], suppressed: [['a', 'baseline']] })
  expect(said('-- lockkeeper-ignore a: known', [[hazard('a')]], { policy, accepted })).toEqual({
    rules: ['baseline-unused'],
    suppressed: [['a', 'comment']],
  })
})
