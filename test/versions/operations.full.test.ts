import { describe, expect, test } from 'vitest'
import { liveThroughVersions } from '../support/live-versions.ts'
import { versionCases } from '../support/version-cases.ts'

const versions = [14, 15, 16, 17, 18]
const schemas = ['public', 'app']

describe.each(versions)('two versions at once on PostgreSQL %i', (version) => {
  describe.each(schemas)('in the schema %s', (schema) => {
    test.each(versionCases)('$name', { timeout: 120_000 }, async (one) => {
      await expect(liveThroughVersions(one, { version, schema })).resolves.toBeUndefined()
    })
  })
})
