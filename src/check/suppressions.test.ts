import { describe, expect, it } from 'vitest'
import type { Hazard } from '../model/hazard.ts'
import { faultsOf, sift, suppressionsOf } from './suppressions.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
/** Statements by their text, found in the script. */
const placed = (script: string, ...texts: readonly string[]) =>
  texts.map((sql) => ({ sql, start: bytes(script.slice(0, script.indexOf(sql))).length }))
const hazard = (rule: string): Hazard => ({ rule, severity: 'error', message: 'm', fix: 'f', breaksOldApp: false })

describe('suppressionsOf', () => {
  it('reads the comments above each statement, behind characters of several bytes too', () => {
    const script = `-- é\nselect 'ü';\n-- lockkeeper-ignore drop-table: the table is empty (until 2027-01-31)\ndrop table t;`
    const found = suppressionsOf(bytes(script), placed(script, `select 'ü'`, 'drop table t'))
    expect(found).toEqual([[], [{ rule: 'drop-table', reason: 'the table is empty', until: '2027-01-31', scope: 'statement' }]])
  })

  it('takes no comment inside a statement or a string for a suppression', () => {
    const script = `select '-- lockkeeper-ignore drop-table: no';\nselect\n-- lockkeeper-ignore drop-table: no\n1;`
    const found = suppressionsOf(
      bytes(script),
      placed(script, `select '-- lockkeeper-ignore drop-table: no'`, 'select\n-- lockkeeper-ignore drop-table: no\n1'),
    )
    expect(found.flat()).toEqual([])
  })

  it('knows a suppression for the whole file', () => {
    const script = '-- lockkeeper-ignore-file drop-table: generated\nselect 1;'
    expect(suppressionsOf(bytes(script), placed(script, 'select 1'))[0]?.[0]).toMatchObject({
      scope: 'file',
      rule: 'drop-table',
      reason: 'generated',
    })
  })
})

describe('sift', () => {
  const by = (reason: string, until?: string) => [{ rule: 'drop-table', reason, until, scope: 'statement' as const }]

  it('takes out only what is named', () => {
    const sifted = sift([hazard('drop-table'), hazard('rename-table')], by('it is empty'), '2026-11-24')
    expect(sifted.hazards.map((h) => h.rule)).toEqual(['rename-table'])
    expect(sifted.suppressed).toEqual([{ rule: 'drop-table', severity: 'error', reason: 'it is empty' }])
  })

  it('suppresses nothing without a reason, and says so', () => {
    expect(sift([hazard('drop-table')], by(''), '2026-11-24').hazards).toHaveLength(1)
    expect(faultsOf(by(''), '2026-11-24').map((h) => h.rule)).toEqual(['suppression-without-reason'])
  })

  it('holds on its last day and not on the next', () => {
    expect(sift([hazard('drop-table')], by('x', '2026-11-24'), '2026-11-24').hazards).toHaveLength(0)
    expect(sift([hazard('drop-table')], by('x', '2026-11-24'), '2026-11-25').hazards).toHaveLength(1)
    expect(faultsOf(by('x', '2026-11-24'), '2026-11-25').map((h) => h.rule)).toEqual(['suppression-expired'])
  })
})
