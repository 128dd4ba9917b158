import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { typeorm } from '../../src/adapters/typeorm.ts'
import { applyAll, describeTable, openOver, runAll, tempProject } from '../support/orm/project.ts'
import { load as loadAnew, longest, sqlOf } from '../support/orm/typeorm-load.ts'
import { typeormMigrate, typeormPending } from '../support/orm/typeorm.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

// The cases are only read, so once is enough.
const loaded = new Map<string, ReturnType<typeof loadAnew>>()

function load(root: string): ReturnType<typeof loadAnew> {
  const loading = loaded.get(root) ?? loadAnew(diskFiles(root))
  loaded.set(root, loading)
  return loading
}

const cases = {
  'TypeScript, with a history table of its own': {
    root: 'test/cases/adapters/typeorm',
    table: 'My Migrations',
    ids: ['1795561356121-Init', '1795561362065-OrderChanges', '1795561367211-IndexOrders'],
  },
  'JavaScript': { root: 'test/cases/adapters/typeorm-js', table: 'migrations', ids: ['1795561329069-Init', '1795561334708-OrderChanges'] },
} as const
describe.each(Object.entries(cases))('%s', (_title, { root, table, ids }) => {
  test('reads names, order and SQL, with the line of each statement', { timeout: longest }, async () => {
    const { location, migrations } = await load(root)
    expect(location).toEqual({ source: 'typeorm', path: 'src/migrations', historyTable: table })
    expect(migrations.map((migration) => migration.id)).toEqual(ids)
    const [init] = migrations
    expect(sqlOf(init)[0]).toMatch(/^CREATE TABLE "customers"/)
    for (const migration of migrations) {
      const text = Buffer.from(migration.body.bytes).toString().split('\n')
      const statements = migration.body.kind === 'recorded' ? migration.body.statements : []
      for (const { line } of statements) expect(text[(line ?? 0) - 1]).toContain('queryRunner.query(')
    }
  })
})

test('a migration that says transaction = false is on its own, the others go by the DataSource', { timeout: longest }, async () => {
  const { migrations } = await load('test/cases/adapters/typeorm')
  expect(migrations.map((migration) => migration.transaction)).toEqual(['file', 'file', 'none'])
  expect((await load('test/cases/adapters/typeorm-js')).migrations.map((migration) => migration.transaction)).toEqual(['batch', 'batch'])
})

forEachVersion('TypeORM', (version) => {
  describe.each(Object.entries(cases))('%s', (_title, { root, table }) => {
    const run = { folder: join(root, 'src/migrations'), table, mode: 'each' } as const

    test('what it ran is seen as applied', { timeout: longest }, async () => {
      await using database = await freshDatabase(version)
      const { location, migrations } = await load(root)
      expect(await typeormMigrate(database.url, run)).toHaveLength(migrations.length)
      const open = await openOver(await database.client(), typeorm.history(location, 'public'), migrations)
      expect(migrations.map((migration) => open.stateOf(migration))).toEqual(migrations.map(() => 'applied'))
      expect([open.create, open.unknown]).toEqual([[], []])
    })

    test('it finds nothing pending after our SQL and our history, and all of it after an abort', { timeout: longest }, async () => {
      await using database = await freshDatabase(version)
      const client = await database.client()
      const { location, migrations } = await load(root)
      const history = typeorm.history(location, 'public')
      await applyAll(client, history, migrations)
      expect(await typeormPending(database.url, run)).toEqual([])
      const open = await openOver(client, history, migrations)
      for (const migration of migrations) await runAll(client, [...open.finish(migration), ...open.rollBack(migration)])
      expect(await typeormPending(database.url, run)).toEqual(migrations.map((migration) => migration.history['name']))
    })

    test('our table and our rows equal its own', { timeout: longest }, async () => {
      await using theirs = await freshDatabase(version)
      await using ours = await freshDatabase(version)
      const [their, our] = [await theirs.client(), await ours.client()]
      const { location, migrations } = await load(root)
      await typeormMigrate(theirs.url, run)
      await applyAll(our, typeorm.history(location, 'public'), migrations)
      expect(await describeTable(our, 'public', table)).toEqual(await describeTable(their, 'public', table))
      const rows = `SELECT * FROM "${table.replaceAll('"', '""')}" ORDER BY id`
      expect((await our.query(rows)).rows).toEqual((await their.query(rows)).rows)
    })
  })
})

test('settings of the DataSource that only running it could tell are refused', async () => {
  await using project = await tempProject({
    'src/data-source.ts': 'export const source = new DataSource({\n  type: "postgres",\n  migrationsTableName: process.env.TABLE,\n})',
    'src/migrations/1700000000000-One.ts': 'export class One1700000000000 { async up() {} }',
  })
  await expect(typeorm.detect(project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: 'src/data-source.ts:3 computes migrationsTableName, and Lockkeeper does not run it.',
  })
})

test('finds the folder that the DataSource names, and its schema', async () => {
  await using project = await tempProject({
    'src/db/data-source.ts':
      "export const s = new DataSource({ type: 'postgres', schema: 'My \"App\"', migrations: [__dirname + '/../steps/*{.ts,.js}'] })",
    'src/steps/1700000000000-One.ts': 'export class One1700000000000 { async up() {} }',
  })
  expect(await typeorm.detect(project.files)).toEqual({
    source: 'typeorm',
    path: 'src/steps',
    historySchema: 'My "App"',
    historyTable: 'migrations',
  })
})
