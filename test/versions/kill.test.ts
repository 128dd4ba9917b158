import { expect, test } from 'vitest'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { act, killed } from '../support/killed.ts'
import { tempProject, type TempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'

const base = `operations:
  - create_table:
      name: users
      columns:
        - {name: id, type: int, pk: true}
        - {name: full_name, type: text, nullable: true}
        - {name: age, type: int, default: "0"}
        - {name: junk, type: text, nullable: true}
  - create_table: {name: notes, columns: [{name: id, type: int, pk: true}, {name: author, type: int, references: {name: notes_author, table: users, column: id}}]}
`
const change = `version_schema: second
operations:
  - rename_column: {table: users, from: full_name, to: name}
  - alter_column: {table: users, column: age, type: text, default: "'none'", up: "CASE age WHEN 0 THEN 'none' ELSE age::text END", down: "CASE age WHEN 'none' THEN 0 ELSE age::int END"}
  - drop_column: {table: users, column: junk, down: "'gone'"}
  - add_column: {table: notes, column: {name: kind, type: text, default: "'note'"}, up: "'k' || id"}
`
const rows = `INSERT INTO users SELECT i, 'user ' || i, i % 5, 'x' FROM generate_series(1, 2000) i; INSERT INTO notes SELECT i, i FROM generate_series(1, 500) i`

async function begin(project: TempProject, database: TestDatabase): Promise<void> {
  expect(await act({ database, folder: project.root, verb: 'apply' }, 0)).toBe(true)
  await (await database.client()).query(rows)
}

forEachVersion('kill -9 at every boundary of a new version', (version) => {
  test('of expand, backfill and complete ends where an undisturbed run ends', { timeout: 300_000 }, async () => {
    await using project = await tempProject({ 'migrations/1.yaml': base })
    await using original = await freshDatabase(version)
    await using database = await freshDatabase(version)
    await begin(project, original)
    await begin(project, database)
    await project.write({ 'migrations/2.yaml': change })
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
    await using project = await tempProject({ 'migrations/1.yaml': base })
    await using database = await freshDatabase(version)
    await begin(project, database)
    await project.write({ 'migrations/2.yaml': change })
    const client = await database.client()
    const before = await schemaOf(client)
    expect(await act({ database, folder: project.root, verb: 'apply' }, 0)).toBe(true)
    expect(await killed({ database, folder: project.root, verb: 'abort' })).toBeGreaterThan(4)
    expect(diffSchemas(before, await schemaOf(client))).toEqual([])
  })
})
