import { describe, expect, test } from 'vitest'
import { liveThroughVersions } from '../support/live-versions.ts'
import { testVersions } from '../support/postgres.ts'
import { versionCases } from '../support/version-cases.ts'

// pgroll needs 14 or later.
const versions = process.env['LOCKKEEPER_PG'] === undefined ? [14, 18] : testVersions

describe.each(versions)('two versions at once on PostgreSQL %i', (version) => {
  test.each(versionCases)('$name', { timeout: 120_000 }, async (one) => {
    expect(await liveThroughVersions(one, { version, schema: 'public' })).toBeUndefined()
  })
})
