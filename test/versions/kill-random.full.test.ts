import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { killCases } from '../support/kill-cases.ts'
import { act, killedAtRandom } from '../support/killed.ts'
import { tempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'
import { killedBase, killedChange, killedRows } from '../support/version-kills.ts'

forEachVersion('kill -9 at random moments of a new version', (version) => {
  test.each(killCases())('seed %i: the same command again reaches the same end', { timeout: 600_000 }, async (seed) => {
    await using project = await tempProject({ 'migrations/1.yaml': killedBase })
    await using original = await freshDatabase(version)
    await using database = await freshDatabase(version)
    const folder = project.root
    const begin = async (one: TestDatabase) => {
      expect(await act({ database: one, folder, verb: 'apply' }, 0)).toBe(true)
      await (await one.client()).query(killedRows)
    }
    await begin(original)
    await begin(database)
    const before = await schemaOf(await database.client())
    await project.write({ 'migrations/2.yaml': killedChange })
    let hits = await killedAtRandom({ database, folder, verb: 'apply' }, seed, 5)
    hits += await killedAtRandom({ database, folder, verb: 'abort' }, seed + 1, 3)
    expect(diffSchemas(before, await schemaOf(await database.client()))).toEqual([])
    hits += await killedAtRandom({ database, folder, verb: 'apply' }, seed + 2, 5)
    hits += await killedAtRandom({ database, folder, verb: 'complete' }, seed + 3, 5)
    // Where a machine is fast, most runs end before their moment comes.
    expect(hits).toBeGreaterThan(0)
    expect(await act({ database: original, folder, verb: 'apply' }, 0)).toBe(true)
    expect(await act({ database: original, folder, verb: 'complete' }, 0)).toBe(true)
    const [wanted, found] = [await original.client(), await database.client()]
    expect(diffSchemas(await schemaOf(wanted), await schemaOf(found))).toEqual([])
    expect(await rowsOf(found)).toEqual(await rowsOf(wanted))
  })
})
