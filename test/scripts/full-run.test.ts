import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { evidencePage } from '../../scripts/evidence.ts'
import { readShards, shardsFor, writeShards } from '../../scripts/shards.ts'
import { versionsToTest } from '../../scripts/vitest.ts'

const shards = shardsFor([13, 18])
const passed = { counts: { passed: 3, failed: 0, skipped: 1 }, status: 0, date: '2026-11-24T20:00:00.000Z', ms: 90_000 }

describe('the run of all versions', () => {
  test('has a shard for what needs no server, one for mutated inputs, and two for each version', () => {
    expect(shards.map(({ name }) => name)).toEqual(['pure', 'fuzz', 'servers-13', 'full-13', 'servers-18', 'full-18'])
    expect(shards.map(({ env }) => env['LOCKKEEPER_PG'])).toEqual([undefined, undefined, '13', '13', '18', '18'])
  })

  test('takes more kills and more random backfills of each version than npm test does', () => {
    const servers = shards.filter(({ name }) => name.startsWith('servers-'))
    const more = { LOCKKEEPER_TIER: 'servers', LOCKKEEPER_KILL_SEEDS: '10', LOCKKEEPER_BACKFILL_CASES: '500' }
    expect(servers.map(({ env }) => env)).toEqual(['13', '18'].map((version) => ({ LOCKKEEPER_PG: version, ...more })))
  })

  test('goes on where it was on the same commit, and begins anew on another or with changed files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'lockkeeper-shards-'))
    const done = shards.map((shard) => (shard.name === 'full-13' ? { ...shard, result: passed } : shard))
    writeShards(folder, 'abc', done)
    writeShards(folder, 'abc+changes', done)
    expect(readShards(folder, 'abc', shards)).toEqual(done)
    expect(readShards(folder, 'abc', shardsFor([13])).map(({ name }) => name)).toEqual(['pure', 'fuzz', 'servers-13', 'full-13'])
    expect(readShards(folder, 'def', shards)).toEqual(shards)
    expect(readShards(folder, 'abc+changes', shards)).toEqual(shards)
    rmSync(folder, { recursive: true })
  })

  test('leaves a page that says when, where, how and what came of it', () => {
    const ran = shards.map((shard) => (shard.name === 'pure' ? { ...shard, result: passed } : shard))
    const page = evidencePage({ date: '2026-11-24', commit: 'abc', machine: '2 cores', node: 'v20.20.2', shards: ran })
    expect(page).toContain('- commit: abc\n- machine: 2 cores\n- node: v20.20.2\n- command: `npm run test:full`\n')
    expect(page).toContain(
      '| pure | - | 3 passed, 0 failed, 1 skipped | 1.5 | 2026-11-24T20:00:00.000Z |\n| fuzz | - | not run | | |\n| servers-13 | 13 | not run | | |\n',
    )
  })
})

test('the versions to test are majors from 13 to 18', () => {
  expect(versionsToTest(undefined, '13,18')).toEqual([13, 18])
  expect(versionsToTest('', '13,18')).toEqual([13, 18])
  expect(versionsToTest(' 15, 16', '13,18')).toEqual([15, 16])
  expect(() => versionsToTest('12', '13,18')).toThrow('LOCKKEEPER_PG is "12"')
  expect(() => versionsToTest('latest', '13,18')).toThrow('write majors between 13 and 18')
})
