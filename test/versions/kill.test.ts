import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { act, killed } from '../support/killed.ts'
import { tempProject, type TempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'
import { killedBase, killedChange, killedRows } from '../support/version-kills.ts'

async function begin(project: TempProject, database: TestDatabase): Promise<void> {
  expect(await act({ database, folder: project.root, verb: 'apply' }, 0)).toBe(true)
  await (await database.client()).query(killedRows)
}

forEachVersion('kill -9 at every boundary of a new version', (version) => {
  test('of expand, backfill and complete ends where an undisturbed run ends', { timeout: 300_000 }, async () => {
    await using project = await tempProject({ 'migrations/1.yaml': killedBase })
    await using original = await freshDatabase(version)
    await using database = await freshDatabase(version)
    await begin(project, original)
    await begin(project, database)
    await project.write({ 'migrations/2.yaml': killedChange })
    const folder = project.root
    expect(await act({ database: original, folder, verb: 'apply' }, 0)).toBe(true)
    expect(await act({ database: original, folder, verb: 'complete' }, 0)).toBe(true)
    expect(await killed({ database, folder, verb: 'apply' })).toBeGreaterThan(6)
    expect(await killed({ database, folder, verb: 'complete' })).toBeGreaterThan(6)
    const [wanted, found] = [await original.client(), await database.client()]
    expect(diffSchemas(await schemaOf(wanted), await schemaOf(found))).toEqual([])
    expect(await rowsOf(found)).toEqual(await rowsOf(wanted))
  })

  test('of abort ends where it began', { timeout: 300_000 }, async () => {
    await using project = await tempProject({ 'migrations/1.yaml': killedBase })
    await using database = await freshDatabase(version)
    await begin(project, database)
    await project.write({ 'migrations/2.yaml': killedChange })
    const client = await database.client()
    const before = await schemaOf(client)
    expect(await act({ database, folder: project.root, verb: 'apply' }, 0)).toBe(true)
    expect(await killed({ database, folder: project.root, verb: 'abort' })).toBeGreaterThan(4)
    expect(diffSchemas(before, await schemaOf(client))).toEqual([])
  })
})
