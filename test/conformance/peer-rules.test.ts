import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { peerRules } from '../../src/check/peer-rules.ts'
import { squawkProgram } from '../support/squawk.ts'

/** What squawk complains of when it is to leave these rules of its out. */
function complaintAbout(rules: readonly string[]): string {
  const file = 'test/cases/rewrites/leave-out-no-op/columns.sql'
  return spawnSync(squawkProgram(), [...rules.flatMap((rule) => ['--exclude', rule]), file], { encoding: 'utf8', timeout: 30_000 }).stderr
}

test('squawk knows the rules that go by its names', () => {
  expect(complaintAbout(Object.keys(peerRules.squawk))).toBe('')
  expect(complaintAbout(['no-such-rule'])).toContain('invalid rule name no-such-rule')
})
