import { describe, expect, test } from 'vitest'
import { folderCases } from '../support/folder-cases.ts'
import { drizzleFolder, liveThroughFolder, prismaFolder } from '../support/live-folders.ts'
import { forEachVersion } from '../support/postgres.ts'

forEachVersion('a change that breaks the running application', (version) => {
  describe.each([
    ['Prisma', prismaFolder],
    ['Drizzle', drizzleFolder],
  ] as const)('from a folder of %s', (_name, orm) => {
    test.each(folderCases)('$name', { timeout: 60_000 }, async (one) => {
      expect(await liveThroughFolder(one, orm, version)).toBeUndefined()
    })
  })
})
