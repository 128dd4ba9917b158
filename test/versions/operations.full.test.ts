import { describe, expect, test } from 'vitest'
import { liveThroughVersions } from '../support/live-versions.ts'
import { forEachVersion } from '../support/postgres.ts'
import { versionCases } from '../support/version-cases.ts'

forEachVersion('two versions at once', (version) => {
  describe.each(['public', 'app'])('in the schema %s', (schema) => {
    test.each(versionCases)('$name', { timeout: 120_000 }, async (one) => {
      expect(await liveThroughVersions(one, { version, schema })).toBeUndefined()
    })
  })
})
