import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { sha256 } from '../../src/adapters/_files.ts'
import { drizzle } from '../../src/adapters/drizzle.ts'
import type { Files, Location } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { drizzleMigrate, type DrizzleRun } from '../support/orm/drizzle.ts'
import { applyAll, describeTable, openOver, runAll, tempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const [schema, table] = ['Drizzle "Meta"', 'My Migrations']
const cases = {
  '0.45': { root: 'test/cases/adapters/drizzle-0.31', folder: 'test/cases/adapters/drizzle-0.31/drizzle', layout: 0 },
  '1.0': { root: 'test/cases/adapters/drizzle-1.0', folder: 'test/cases/adapters/drizzle-1.0/drizzle', layout: 1 },
} as const

async function load(files: Files): Promise<{ location: Location; migrations: readonly Migration[] }> {
  const location = await drizzle.detect(files)
  if (location === undefined) throw new Error('no Drizzle folder found')
  return { location, migrations: await drizzle.load(files, location) }
}

function loadCase(version: '0.45' | '1.0'): ReturnType<typeof load> {
  return load(diskFiles(cases[version].root))
}

function run(version: '0.45' | '1.0', folder: string = cases[version].folder): DrizzleRun {
  return { version, folder, schema, table }
}

test('reads the 0.31 layout, and the names of its history from drizzle.config.ts', async () => {
  const { location, migrations } = await loadCase('0.45')
  expect(location).toEqual({ source: 'drizzle', path: 'drizzle', historySchema: schema, historyTable: table })
  expect(migrations.map((migration) => migration.id)).toEqual(['0000_init', '0001_order_note', '0002_order_customer', '0003_seed'])
  expect(migrations[0]).toMatchObject({ transaction: 'batch', history: { layout: 0, when: 1795561275073 }, file: 'drizzle/0000_init.sql' })
})

test('reads the 1.0 layout', async () => {
  const { location, migrations } = await loadCase('1.0')
  expect(location).toEqual({ source: 'drizzle', path: 'drizzle', historySchema: schema, historyTable: table })
  expect(migrations[0]).toMatchObject({
    id: '20261124230124_init',
    transaction: 'batch',
    history: { layout: 1, when: Date.UTC(2026, 10, 24, 23, 1, 24) },
  })
  expect(migrations).toHaveLength(4)
})

forEachVersion('Drizzle', (postgres) => {
  describe.each(['0.45', '1.0'] as const)('drizzle-orm %s', (version) => {
    test('what its migrator ran is seen as applied', async () => {
      await using database = await freshDatabase(postgres)
      const { location, migrations } = await loadCase(version)
      expect(await drizzleMigrate(database.url, run(version))).toBe(4)
      const open = await openOver(await database.client(), drizzle.history(location), migrations)
      expect(migrations.map((migration) => open.stateOf(migration))).toEqual(migrations.map(() => 'applied'))
      expect([open.create, open.unknown]).toEqual([[], []])
    })

    test('its migrator finds nothing pending after our SQL and our history', async () => {
      await using database = await freshDatabase(postgres)
      const { location, migrations } = await loadCase(version)
      await applyAll(await database.client(), drizzle.history(location), migrations)
      expect(await drizzleMigrate(database.url, run(version))).toBe(0)
    })

    test('our table and our rows equal its own', async () => {
      await using theirs = await freshDatabase(postgres)
      await using ours = await freshDatabase(postgres)
      const { location, migrations } = await loadCase(version)
      await drizzleMigrate(theirs.url, run(version))
      await applyAll(await ours.client(), drizzle.history(location), migrations)
      const [their, our] = [await theirs.client(), await ours.client()]
      expect(await describeTable(our, schema, table)).toEqual(await describeTable(their, schema, table))
      const rows = `SELECT to_jsonb(t) - 'applied_at' AS row FROM "Drizzle ""Meta"""."My Migrations" t ORDER BY id`
      expect((await our.query(rows)).rows).toEqual((await their.query(rows)).rows)
    })

    test('its migrator runs only what we left, and runs again what we took back', async () => {
      await using database = await freshDatabase(postgres)
      const client = await database.client()
      const { location, migrations } = await loadCase(version)
      const history = drizzle.history(location)
      await applyAll(client, history, migrations.slice(0, 3))
      const open = await openOver(client, history, migrations)
      expect(migrations.map((migration) => open.stateOf(migration))).toEqual(['applied', 'applied', 'applied', 'pending'])
      await runAll(client, [
        ...open.finish(migrations[3] as Migration),
        ...open.finish(migrations[3] as Migration),
        ...open.rollBack(migrations[3] as Migration),
      ])
      expect(await drizzleMigrate(database.url, run(version))).toBe(1)
    })

    test('an edited file is changed', async () => {
      await using database = await freshDatabase(postgres)
      await using project = await tempProject()
      await cp(cases[version].root, project.root, { recursive: true })
      await drizzleMigrate(database.url, run(version))
      const { location, migrations } = await load(project.files)
      await project.write({ [migrations[1]?.file ?? '']: '-- edited' })
      const edited = await drizzle.load(project.files, location)
      const open = await openOver(await database.client(), drizzle.history(location), edited)
      expect(edited.map((migration) => open.stateOf(migration))).toEqual(['applied', 'changed', 'applied', 'applied'])
    })
  })

  test('what 0.31 would silently skip is reported as skipped, and its migrator does skip it', async () => {
    await using database = await freshDatabase(postgres)
    await using project = await tempProject()
    await cp(cases['0.45'].root, project.root, { recursive: true })
    await drizzleMigrate(database.url, run('0.45'))
    const journal = JSON.parse(Buffer.from(await project.files.read('drizzle/meta/_journal.json')).toString()) as { entries: object[] }
    journal.entries.splice(3, 0, { idx: 9, version: '7', when: 1795561299999, tag: '0003_from_a_branch', breakpoints: true })
    await project.write({
      'drizzle/meta/_journal.json': JSON.stringify(journal),
      'drizzle/0003_from_a_branch.sql': 'CREATE TABLE branch (id int);',
    })
    const { location, migrations } = await load(project.files)
    const open = await openOver(await database.client(), drizzle.history(location), migrations)
    expect(migrations.map((migration) => open.stateOf(migration))).toEqual(['applied', 'applied', 'applied', 'skipped', 'applied'])
    expect(await drizzleMigrate(database.url, run('0.45', join(project.root, 'drizzle')))).toBe(0)
  })

  test('an older table is upgraded as drizzle-orm 1.0 does it itself', async () => {
    await using theirs = await freshDatabase(postgres)
    await using ours = await freshDatabase(postgres)
    const [their, our] = [await theirs.client(), await ours.client()]
    const { location, migrations } = await loadCase('1.0')
    // In whole seconds, as `drizzle-kit up` names the folders; one was edited since, so only its time tells it, and one has another time, so only its hash does.
    const when = (migration: Migration, at: number): number => Number(migration.history['when']) + (at === 2 ? 5123 : 123)
    const old = migrations.map((migration, at) => ({
      ...migration,
      checksum: at === 1 ? sha256('as it was') : migration.checksum,
      history: { layout: 0, when: when(migration, at) },
    }))
    for (const client of [their, our]) await applyAll(client, drizzle.history(location), old)
    expect(await drizzleMigrate(theirs.url, run('1.0'))).toBe(0)

    const open = await openOver(our, drizzle.history(location), migrations)
    expect(migrations.map((migration) => open.stateOf(migration))).toEqual(['applied', 'changed', 'applied', 'applied'])
    await runAll(our, open.create)
    expect(await describeTable(our, schema, table)).toEqual(await describeTable(their, schema, table))
    const rows = 'SELECT * FROM "Drizzle ""Meta"""."My Migrations" ORDER BY id'
    expect((await our.query(rows)).rows).toEqual((await their.query(rows)).rows)
    expect(await drizzleMigrate(ours.url, run('1.0'))).toBe(0)
  })

  test('an older table with a row that fits no folder is refused by both', async () => {
    await using database = await freshDatabase(postgres)
    const { location, migrations } = await loadCase('1.0')
    const old = migrations.map((migration) => ({ ...migration, history: { ...migration.history, layout: 0 } }))
    await applyAll(await database.client(), drizzle.history(location), old)
    const fewer = migrations.slice(0, 3)
    await expect(openOver(await database.client(), drizzle.history(location), fewer)).rejects.toMatchObject({
      code: 'migration-unknown',
      details: { ids: [4] },
    })
    await using project = await tempProject()
    for (const migration of fewer)
      await cp(join(cases['1.0'].root, migration.file), join(project.root, migration.file), { recursive: true })
    await expect(drizzleMigrate(database.url, run('1.0', join(project.root, 'drizzle')))).rejects.toThrow('ids: 4')
  })

  test('names what the table records and no file answers to', async () => {
    await using database = await freshDatabase(postgres)
    await drizzleMigrate(database.url, run('0.45'))
    const { location, migrations } = await loadCase('0.45')
    const open = await openOver(await database.client(), drizzle.history(location), migrations.slice(0, 3))
    expect(open.unknown).toEqual(['created_at 1795561301293'])
  })
})

const journal = (entries: string): string => `{\n  "dialect": "postgresql",\n  "entries": [\n${entries}\n  ]\n}`

test.each([
  [
    'a broken journal',
    { 'drizzle/meta/_journal.json': journal('    {"idx": 0,, "when": 1}') },
    'source-unreadable',
    'drizzle/meta/_journal.json:4 is not valid JSON',
  ],
  [
    'a merge conflict',
    { 'drizzle/meta/_journal.json': journal('<<<<<<< HEAD\n=======') },
    'source-unreadable',
    '_journal.json:4 holds an unresolved merge conflict',
  ],
  [
    'a journal that names a missing file',
    { 'drizzle/meta/_journal.json': journal('    {"when": 1, "tag": "0000_a"}') },
    'source-unreadable',
    '_journal.json:4 names drizzle/0000_a.sql, which does not exist',
  ],
  [
    'a journal without a time',
    { 'drizzle/meta/_journal.json': journal('    {"tag": "0000_a"}') },
    'source-unreadable',
    '_journal.json:4 has no whole number as "when" of 0000_a',
  ],
  [
    'a journal that lists one twice',
    { 'drizzle/meta/_journal.json': journal('{"when":1,"tag":"a"},{"when":2,"tag":"a"}') },
    'source-unreadable',
    '_journal.json:4 lists a twice',
  ],
  [
    'another database',
    { 'drizzle/meta/_journal.json': '{\n"dialect": "mysql", "entries": []}' },
    'source-unreadable',
    '_journal.json:2 says that these migrations are for mysql',
  ],
  [
    'another database in 1.0',
    { 'drizzle/20260101000000_a/migration.sql': '', 'drizzle/20260101000000_a/snapshot.json': '{\n"dialect": "sqlite"}' },
    'source-unreadable',
    'snapshot.json:2 says that these migrations are for sqlite',
  ],
  ['an empty journal', { 'drizzle/meta/_journal.json': journal('') }, 'source-missing', 'lists no migrations'],
  [
    'a folder without a time',
    { 'drizzle/add_a/migration.sql': '', 'drizzle/add_a/snapshot.json': '{}' },
    'source-unreadable',
    'drizzle/add_a does not begin with the 14 digits',
  ],
  [
    'a computed history table',
    { 'drizzle.config.ts': 'export default {\n  migrations: { table: name() },\n}' },
    'source-unreadable',
    'drizzle.config.ts:2 computes migrations.table',
  ],
])('says what is wrong with %s', async (...[, contents, code, message]) => {
  await using project = await tempProject(contents)
  await expect(load(project.files)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
})

test('cuts at a breakpoint that no semicolon precedes, and leaves all other bytes in place', async () => {
  const script = 'CREATE TABLE a (b int) -- é;\n--> statement-breakpoint\nCREATE TABLE c (d int)'
  await using project = await tempProject({
    'drizzle/meta/_journal.json': journal('{"when":1,"tag":"0000_a"}'),
    'drizzle/0000_a.sql': script,
  })
  const [migration] = (await load(project.files)).migrations
  const bytes = Buffer.from(migration?.body.bytes ?? [])
  expect(bytes.toString()).toBe(script.replace('--> statement-breakpoint', `;${' '.repeat(23)}`))
  expect(bytes).toHaveLength(Buffer.byteLength(script))
})

test('finds the folder that drizzle.config.ts names', async () => {
  await using project = await tempProject({
    'drizzle.config.ts': "export default defineConfig({ out: './db/steps' })",
    'db/steps/meta/_journal.json': journal(''),
  })
  expect(await drizzle.detect(project.files)).toEqual({
    source: 'drizzle',
    path: 'db/steps',
    historySchema: 'drizzle',
    historyTable: '__drizzle_migrations',
  })
})
