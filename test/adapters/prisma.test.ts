import { cp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { prisma } from '../../src/adapters/prisma.ts'
import type { Files, Location } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { prismaDeploy, prismaDiff, prismaDrift, prismaStatus } from '../support/orm/prisma.ts'
import { applyAll, describeTable, openOver, runAll, runMigration, tempProject, type TempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const demo = diskFiles('src/demo')
const agrees = { pending: [], failed: [], edited: [], unknown: [] }

async function load(files: Files): Promise<{ location: Location; migrations: readonly Migration[] }> {
  const location = await prisma.detect(files)
  if (location === undefined) throw new Error('no Prisma folder found')
  return { location, migrations: await prisma.load(files, location) }
}

async function demoCopy(): Promise<TempProject> {
  const project = await tempProject()
  await cp('src/demo/prisma', join(project.root, 'prisma'), { recursive: true })
  return project
}

test('finds the folder of the demo and reads its migrations in order', async () => {
  const { location, migrations } = await load(demo)
  expect(location).toEqual({ source: 'prisma', path: 'prisma/migrations' })
  expect(migrations.map((migration) => migration.id)).toEqual([
    '20260102090000_init',
    '20260103090007_add_order_note',
    '20260104090014_order_status_required',
    '20260105090021_index_orders_by_customer',
    '20260106090028_order_belongs_to_customer',
    '20260107090035_order_public_id',
  ])
  expect(migrations[1]).toMatchObject({
    file: 'prisma/migrations/20260103090007_add_order_note/migration.sql',
    transaction: 'file',
    source: 'prisma',
  })
})

forEachVersion('Prisma', (version) => {
  test('what its engine deployed is seen as applied', async () => {
    await using database = await freshDatabase(version)
    const { migrations } = await load(demo)
    const deployed = await prismaDeploy(database.url, 'src/demo/prisma/migrations')
    expect(deployed).toHaveLength(6)
    const open = await openOver(await database.client(), prisma.history({ source: 'prisma', path: '' }, 'public'), migrations)
    expect(migrations.map((migration) => open.stateOf(migration))).toEqual(migrations.map(() => 'applied'))
    expect(open.create).toEqual([])
    expect(open.unknown).toEqual([])
  })

  test('its engine finds nothing pending and no drift after our SQL and our history', async () => {
    await using database = await freshDatabase(version)
    const { migrations } = await load(demo)
    await applyAll(await database.client(), prisma.history({ source: 'prisma', path: '' }, 'public'), migrations)
    expect(await prismaStatus(database.url, 'src/demo/prisma/migrations')).toEqual({ ...agrees, hasTable: true })
    expect(await prismaDrift(database.url, 'src/demo/prisma/migrations')).toBe('')
    expect(await prismaDeploy(database.url, 'src/demo/prisma/migrations')).toEqual([])
  })

  test('the same for a folder with enums, an explicit BEGIN and names in capitals', async () => {
    await using database = await freshDatabase(version)
    const { location, migrations } = await load(diskFiles('test/cases/adapters/prisma'))
    expect(migrations).toHaveLength(3)
    await applyAll(await database.client(), prisma.history(location, 'public'), migrations)
    expect(await prismaStatus(database.url, 'test/cases/adapters/prisma/prisma/migrations')).toEqual({ ...agrees, hasTable: true })
    expect(await prismaDrift(database.url, 'test/cases/adapters/prisma/prisma/migrations')).toBe('')
  })

  test('the demo is what its engine writes for such a change', async () => {
    await using database = await freshDatabase(version)
    const { migrations } = await load(demo)
    const to = await readFile('src/demo/prisma/schema.prisma', 'utf8')
    const from = to.replace(/^.*@map\("public_id"\).*\n/m, '')
    const written = await prismaDiff(database.url, 'src/demo/prisma/migrations', { from, to })
    expect(written).toBe(Buffer.from(migrations.at(-1)?.body.bytes ?? []).toString())
  })

  test('its engine sees drift where there is some, so an empty answer means something', async () => {
    await using database = await freshDatabase(version)
    await prismaDeploy(database.url, 'src/demo/prisma/migrations')
    await (await database.client()).query('DROP INDEX orders_customer_id_created_at_idx')
    expect(await prismaDrift(database.url, 'src/demo/prisma/migrations')).toContain('CREATE INDEX')
  })

  test('our table and our row equal its own', async () => {
    await using theirs = await freshDatabase(version)
    await using ours = await freshDatabase(version)
    const { migrations } = await load(demo)
    await prismaDeploy(theirs.url, 'src/demo/prisma/migrations')
    await applyAll(await ours.client(), prisma.history({ source: 'prisma', path: '' }, 'public'), migrations)
    const [their, our] = [await theirs.client(), await ours.client()]
    expect(await describeTable(our, 'public', '_prisma_migrations')).toEqual(await describeTable(their, 'public', '_prisma_migrations'))
    const rows = `SELECT checksum, migration_name, logs, rolled_back_at, applied_steps_count, finished_at >= started_at AS in_order,
      id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$' AS uuid FROM _prisma_migrations ORDER BY migration_name`
    expect((await our.query(rows)).rows).toEqual((await their.query(rows)).rows)
  })

  test('while a migration is in flight its own deploy refuses, and after an abort it sees it pending', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const { migrations } = await load(demo)
    const [init, note] = migrations as [Migration, Migration]
    const history = prisma.history({ source: 'prisma', path: '' }, 'public')
    await applyAll(client, history, [init])
    const open = await openOver(client, history, migrations)
    await runAll(client, open.begin(note))
    expect((await openOver(client, history, migrations)).stateOf(note)).toBe('unfinished')
    await expect(prismaDeploy(database.url, 'src/demo/prisma/migrations')).rejects.toMatchObject({ code: 'P3009' })

    await runAll(client, open.rollBack(note))
    expect((await openOver(client, history, migrations)).stateOf(note)).toBe('rolled-back')
    const status = await prismaStatus(database.url, 'src/demo/prisma/migrations')
    expect(status.failed).toEqual([])
    expect(status.pending).toContain(note.id)
    expect(await prismaDeploy(database.url, 'src/demo/prisma/migrations')).toHaveLength(5)
  })

  test('a finished migration that was taken back is pending again', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const { migrations } = await load(demo)
    const history = prisma.history({ source: 'prisma', path: '' }, 'public')
    await applyAll(client, history, migrations)
    const last = migrations.at(-1) as Migration
    await runAll(client, (await openOver(client, history, migrations)).rollBack(last))
    await client.query('ALTER TABLE orders DROP COLUMN public_id')
    expect((await prismaStatus(database.url, 'src/demo/prisma/migrations')).pending).toEqual([last.id])
    expect(await prismaDeploy(database.url, 'src/demo/prisma/migrations')).toEqual([last.id])
  })

  test('finish alone writes the row, and twice writes it once', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const { migrations } = await load(demo)
    const open = await openOver(client, prisma.history({ source: 'prisma', path: '' }, 'public'), migrations)
    await runAll(client, open.create)
    for (const migration of migrations) {
      await runMigration(client, migration)
      await runAll(client, [...open.finish(migration), ...open.finish(migration)])
    }
    const counted = await client.query<{ rows: number }>('SELECT count(*)::int AS rows FROM _prisma_migrations')
    expect(counted.rows[0]?.rows).toBe(6)
    expect(await prismaStatus(database.url, 'src/demo/prisma/migrations')).toEqual({ ...agrees, hasTable: true })
  })

  test('an edited file is changed for both, and other line ends are not', async () => {
    await using database = await freshDatabase(version)
    await using project = await demoCopy()
    const { migrations } = await load(project.files)
    const history = prisma.history({ source: 'prisma', path: '' }, 'public')
    await applyAll(await database.client(), history, migrations)
    const [init, note] = migrations as [Migration, Migration]
    const text = Buffer.from(init.body.bytes).toString('utf8')
    await project.write({ [init.file]: text.replaceAll('\n', '\r\n'), [note.file]: '-- edited' })
    const edited = (await load(project.files)).migrations
    const open = await openOver(await database.client(), history, edited)
    expect(edited.slice(0, 3).map((migration) => open.stateOf(migration))).toEqual(['applied', 'changed', 'applied'])
    expect((await prismaStatus(database.url, join(project.root, 'prisma/migrations'))).edited).toEqual([note.id])
  })

  test('names what the table records and no folder answers to', async () => {
    await using database = await freshDatabase(version)
    const { migrations } = await load(demo)
    await prismaDeploy(database.url, 'src/demo/prisma/migrations')
    const open = await openOver(await database.client(), prisma.history({ source: 'prisma', path: '' }, 'public'), migrations.slice(0, 5))
    expect(open.unknown).toEqual(['20260107090035_order_public_id'])
  })

  test('a history schema with quotes and capitals is made and read', async () => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    const { migrations } = await load(demo)
    const history = prisma.history({ source: 'prisma', path: '', historySchema: 'My "App" Schéma' }, 'public')
    await applyAll(client, history, migrations)
    const open = await openOver(client, history, migrations)
    expect(migrations.map((migration) => open.stateOf(migration))).toEqual(migrations.map(() => 'applied'))
  })
})

const lock = 'provider = "postgresql"\n'

test.each([
  [
    'another provider',
    { 'prisma/migrations/migration_lock.toml': '# x\nprovider = "mysql"\n', 'prisma/migrations/0_init/migration.sql': '' },
    'source-unreadable',
    'prisma/migrations/migration_lock.toml:2 says that these migrations are for mysql',
  ],
  [
    'no provider',
    { 'prisma/migrations/migration_lock.toml': '', 'prisma/migrations/0_init/migration.sql': '' },
    'source-unreadable',
    'migration_lock.toml:1 names no provider',
  ],
  [
    'a folder without its file',
    { 'prisma/migrations/migration_lock.toml': lock, 'prisma/migrations/0_init/x.txt': '' },
    'source-unreadable',
    'prisma/migrations/0_init holds no migration.sql',
  ],
  [
    'a migration of Prisma 8',
    { 'prisma/migrations/migration_lock.toml': lock, 'prisma/migrations/0_init/ops.json': '' },
    'source-unreadable',
    'Prisma 8',
  ],
  ['no migrations', { 'prisma/migrations/migration_lock.toml': lock }, 'source-missing', 'prisma/migrations holds no migrations'],
  [
    'bytes that are no UTF-8',
    { 'prisma/migrations/migration_lock.toml': lock, 'prisma/migrations/0_init/migration.sql': Buffer.from('a\nb\xff\n', 'latin1') },
    'source-unreadable',
    '0_init/migration.sql:2 is not valid UTF-8',
  ],
])('says what is wrong with %s', async (...[, contents, code, message]) => {
  await using project = await tempProject(contents)
  await expect(load(project.files)).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
})

test.each([
  [
    'prisma.config.ts names the migrations',
    {
      'prisma.config.ts': "export default defineConfig({ migrations: { path: './db/steps' /* x */ } })",
      'db/steps/migration_lock.toml': lock,
    },
    'db/steps',
  ],
  [
    'prisma.config.ts names the schema',
    {
      'prisma.config.ts': "export default { schema: 'data/schema.prisma' }",
      'data/schema.prisma': '',
      'data/migrations/0_init/migration.sql': '',
    },
    'data/migrations',
  ],
  [
    'package.json names a schema folder',
    { 'package.json': '{"prisma":{"schema":"app/schema"}}', 'app/schema/a.prisma': '', 'app/migrations/0_init/migration.sql': '' },
    'app/migrations',
  ],
  [
    'several schema files lie in prisma/schema',
    { 'prisma/schema/a.prisma': '', 'prisma/schema/migrations/0_init/migration.sql': '' },
    'prisma/schema/migrations',
  ],
])('finds the folder where %s', async (_title, contents, path) => {
  await using project = await tempProject(contents)
  expect(await prisma.detect(project.files)).toMatchObject({ source: 'prisma', path })
})

test('takes the schema from a URL that is written out, and recognises a path to schema.prisma', async () => {
  const schema = 'datasource db {\n  provider = "postgresql"\n  url = "postgresql://me@localhost/app?schema=My%20App&x=1"\n}\n'
  await using project = await tempProject({ 'prisma/schema.prisma': schema, 'prisma/migrations/0_init/migration.sql': '' })
  expect(await prisma.recognises(project.files, 'prisma/schema.prisma')).toEqual({
    source: 'prisma',
    path: 'prisma/migrations',
    historySchema: 'My App',
  })
})

test('leaves the folders of Drizzle 1.0 alone', async () => {
  expect(await prisma.recognises(diskFiles('test/cases/adapters/drizzle-1.0'), 'drizzle')).toBeUndefined()
})
