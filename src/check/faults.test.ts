import { describe, expect, it } from 'vitest'
import type { Hazard } from '../model/hazard.ts'
import { faultsOf } from './faults.ts'
import { byComments, isDay, sift } from './sift.ts'
import type { Suppression } from './suppressions.ts'

const hazard = (rule: string): Hazard => ({ rule, severity: 'error', message: 'm', fix: 'f', breaksOldApp: false })
const comment = (given: Partial<Suppression> = {}): Suppression => ({
  tool: 'lockkeeper',
  rules: ['drop-table'],
  reason: 'it is empty',
  until: undefined,
  scope: 'statement',
  line: 3,
  above: [0],
  ...given,
})
const today = '2026-11-24'
const known = new Set(['drop-table', 'rename-table', 'suppression-unused'])
const faults = (given: Partial<Suppression>, isOfUse = true) => faultsOf(comment(given), { known, today, isOfUse: () => isOfUse })
const left = (rules: readonly string[], given: Partial<Suppression> = {}) =>
  sift(rules.map(hazard), [byComments([comment(given)], today)]).hazards.map(({ rule }) => rule)

describe('sift', () => {
  it('takes out only what is named, and keeps it with its reason', () => {
    const sifted = sift([hazard('drop-table'), hazard('rename-table')], [byComments([comment()], today)])
    expect(sifted.hazards.map((h) => h.rule)).toEqual(['rename-table'])
    expect(sifted.suppressed).toEqual([{ rule: 'drop-table', severity: 'error', message: 'm', reason: 'it is empty', by: 'comment' }])
  })

  it('takes nothing back without a reason, save for a peer, whose comments have none', () => {
    expect(left(['drop-table'], { reason: '' })).toEqual(['drop-table'])
    expect(left(['drop-table'], { reason: '', tool: 'squawk' })).toEqual([])
  })

  it('holds on its last day and not on the next', () => {
    expect(left(['drop-table'], { until: '2026-11-24' })).toEqual([])
    expect(left(['drop-table'], { until: '2026-11-23' })).toEqual(['drop-table'])
    expect(left(['drop-table'], { until: 'the end of the year' })).toEqual(['drop-table'])
  })

  it('does not take back what is wrong with comments', () => {
    expect(left(['suppression-unused'], { rules: ['suppression-unused'] })).toEqual(['suppression-unused'])
  })
})

describe('faultsOf', () => {
  it.each([
    [{}, []],
    [{ reason: '' }, ['suppression-without-reason']],
    [{ until: '2026-11-23' }, ['suppression-expired']],
    [{ until: '2026-02-30' }, ['suppression-expired']],
    [{ rules: [] }, ['suppression-unknown-rule']],
    [{ rules: ['drop-tabel', 'drop-table'] }, ['suppression-unknown-rule']],
    [{ rules: ['suppression-unused'] }, ['suppression-unknown-rule']],
    [{ tool: 'squawk' as const, rules: [], reason: '' }, []],
  ])('%j has %j', (given, rules) => {
    expect(faults(given).map(({ rule }) => rule)).toEqual(rules)
  })

  it('finds the one that has nothing to take back, once for each rule, and leaves a peer in peace', () => {
    expect(faults({ rules: ['drop-table', 'rename-table'] }, false).map(({ rule, severity }) => [rule, severity])).toEqual([
      ['suppression-unused', 'warning'],
      ['suppression-unused', 'warning'],
    ])
    expect(faults({ tool: 'atlas' }, false)).toEqual([])
  })

  it('says where the comment is and which rule was meant', () => {
    expect(faults({ rules: ['drop-tabel'] })).toMatchObject([
      { severity: 'error', message: expect.stringContaining('line 3') as string, fix: 'Did you mean drop-table?' },
    ])
  })
})

it('knows days that exist', () => {
  expect(['2027-01-31', '2028-02-29', '2027-02-29', '2027-1-31', 'x'].map(isDay)).toEqual([true, true, false, false, false])
})
