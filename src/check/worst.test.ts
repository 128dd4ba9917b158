import { describe, expect, it } from 'vitest'
import type { Facts } from '../model/facts.ts'
import type { Hazard, Severity } from '../model/hazard.ts'
import { worstOf } from './worst.ts'

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
const hazard = (severity: Severity, rule = 'r'): Hazard => ({ rule, severity, message: 'It waits.', fix: 'f', breaksOldApp: false })
const on = (version: number, ...hazards: readonly Hazard[]) => ({
  version,
  facts: { ...facts, scans: [`on ${version}`] },
  hazards,
  estimated: { kind: 'none' as const },
})

describe('worstOf', () => {
  it('takes the verdict of the server on which it is worst, and names the majors', () => {
    const worst = worstOf([on(13, hazard('error')), on(14, hazard('error')), on(15, hazard('error')), on(18)])
    expect(worst.facts.scans).toEqual(['on 15'])
    expect(worst.hazards[0]?.message).toBe('It waits. (On PostgreSQL 13 to 15.)')
  })

  it('names no majors where all agree', () => {
    expect(worstOf([on(13, hazard('warning')), on(18, hazard('warning'))]).hazards[0]?.message).toBe('It waits.')
  })

  it('takes one error before many warnings', () => {
    const worst = worstOf([on(13, ...Array.from({ length: 50 }, (_, at) => hazard('warning', `w${at}`))), on(18, hazard('error'))])
    expect(worst.hazards.map((h) => h.severity)).toEqual(['error'])
  })
})
