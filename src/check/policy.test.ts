import { expect, it } from 'vitest'
import type { Hazard } from '../model/hazard.ts'
import { configured, isIgnored, isOff, type Policy } from './policy.ts'

const hazard = (rule: string): Hazard => ({ rule, severity: 'error', message: 'm', fix: 'f', breaksOldApp: false })
const policy: Policy = {
  rules: { 'drop-table': { severity: 'off' }, 'truncate': { severity: 'info', paths: ['old/**'] } },
  ignore: ['legacy/**'],
}
const severities = (file: string) =>
  configured([hazard('drop-table'), hazard('truncate'), hazard('toString')], policy, file).map(({ rule, severity }) => [rule, severity])

it('gives rules the severity that the team wants, for the paths it names', () => {
  expect(severities('old/a.sql')).toEqual([
    ['truncate', 'info'],
    ['toString', 'error'],
  ])
  expect(severities('new/a.sql')).toEqual([
    ['truncate', 'error'],
    ['toString', 'error'],
  ])
  expect(isOff(policy, 'drop-table', 'a.sql')).toBe(true)
  expect(isOff(policy, 'truncate', 'old/a.sql')).toBe(false)
})

it('leaves out files by pattern', () => {
  expect([isIgnored(policy, 'legacy/a.sql'), isIgnored(policy, 'a.sql')]).toEqual([true, false])
})
