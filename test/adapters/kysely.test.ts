import { resolve } from 'node:path'
import { CamelCasePlugin } from 'kysely'
import { expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { kysely } from '../../src/adapters/kysely.ts'
import { cliHere } from '../support/cli.ts'
import { codeProject, loadWith, longest, sandboxes, sqlOf } from '../support/orm/code-load.ts'
import { kyselyLatest, kyselyUp } from '../support/orm/kysely.ts'
import { openOver, runAll, tempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'

const root = 'test/cases/adapters/kysely'
const run = { folder: resolve(root, 'migrations') }
const names = ['2026-02-10T101510_init', '2026-02-11T101511_order_state', '2026-02-12T101512_invoices', '2026-02-13T101513_lower_emails']

const times = [
  { table: 'kysely_migration', column: 'timestamp' },
  { table: 'customers', column: 'created_at' },
]

async function contentOf(database: TestDatabase): Promise<unknown> {
  const client = await database.client()
  return { schema: await schemaOf(client), rows: await rowsOf(client, times) }
}

const apply = (database: TestDatabase, cwd = root) => cliHere(['apply', '--yes', '--json', '--database-url', database.url], { cwd })

forEachVersion('Kysely', (version) => {
  test('reads names, order and SQL, with the line of each statement', { timeout: longest }, async () => {
    const { location, migrations } = await loadWith(kysely, diskFiles(root), { sandboxUrl: sandboxes(version) })
    expect(location).toMatchObject({ source: 'kysely', path: 'migrations', historyTable: 'kysely_migration' })
    expect(migrations.map(({ id, history, transaction }) => [id, history['name'], transaction])).toEqual(
      names.map((name) => [name, name, 'batch']),
    )
    expect(migrations[1]?.body).toMatchObject({
      statements: [{ line: 6 }, { line: 7 }, { line: 8, parameters: ['first@example.com'] }, { line: 9 }],
    })
    expect(sqlOf(migrations[2])).toEqual([
      'create table "invoices" ("order_id" bigint primary key)',
      'create index "orders_state_idx" on "orders" ("state")',
    ])
    expect(migrations[2]?.body).toMatchObject({ assumptions: [{ line: 4 }] })
    expect(migrations[3]?.body).toMatchObject({ readsRows: { call: 'select "id", "email" from "customers"', line: 4 } })
  })

  test(
    'after apply it finds nothing pending, and both databases are alike, history and rows included',
    { timeout: 3 * longest },
    async () => {
      await using theirs = await freshDatabase(version)
      await using ours = await freshDatabase(version)
      expect(await kyselyLatest(theirs.url, run)).toEqual(names)
      const applied = await apply(ours)
      expect(applied.status, applied.stderr + applied.stdout).toBe(0)
      expect(await kyselyLatest(ours.url, run)).toEqual([])
      expect(await contentOf(ours)).toEqual(await contentOf(theirs))
      const { rows } = await (await ours.client()).query<{ timestamp: string }>('SELECT timestamp FROM kysely_migration')
      for (const { timestamp } of rows) expect(new Date(timestamp).toISOString()).toBe(timestamp)
    },
  )

  test('what it began is continued', { timeout: 3 * longest }, async () => {
    await using theirs = await freshDatabase(version)
    await using ours = await freshDatabase(version)
    for (const { url } of [theirs, ours]) for (const at of [0, 1]) expect(await kyselyUp(url, run)).toEqual([names[at]])
    await kyselyLatest(theirs.url, run)
    const applied = await apply(ours)
    expect(applied.status, applied.stderr + applied.stdout).toBe(0)
    expect(await kyselyLatest(ours.url, run)).toEqual([])
    expect(await contentOf(ours)).toEqual(await contentOf(theirs))
  })

  test('after an abort it is pending in its own deploy', { timeout: 3 * longest }, async () => {
    await using database = await freshDatabase(version, { setup: 'CREATE TABLE orders (note text)' })
    const failing = `await db.schema.createIndex('i').on('orders').column('note').execute(); await sql\`SELECT 1 / \${sql.lit(0)}\`.execute(db)`
    await using project = await codeProject({ 'migrations/1_one.mjs': one(failing) })
    const folder = resolve(project.root, 'migrations')
    expect((await apply(database, project.root)).status).toBe(5)
    expect((await cliHere(['abort', '--yes', '--database-url', database.url], { cwd: project.root })).status).toBe(0)
    const client = await database.client()
    expect((await client.query("SELECT FROM pg_indexes WHERE tablename = 'orders'")).rows).toEqual([])
    await expect(kyselyLatest(database.url, { folder })).rejects.toThrow('division by zero')

    const { location, migrations } = await loadWith(kysely, project.files)
    const open = await openOver(client, kysely.history(location, 'public'), migrations)
    for (const migration of migrations) await runAll(client, [...open.finish(migration), ...open.finish(migration)])
    expect(await kyselyLatest(database.url, { folder })).toEqual([])
    for (const migration of migrations) await runAll(client, open.rollBack(migration))
    await expect(kyselyLatest(database.url, { folder })).rejects.toThrow('division by zero')
  })

  test(
    'one that sorts before what was run is skipped, as Kysely refuses it, unless it is told to take it',
    { timeout: longest },
    async () => {
      await using database = await freshDatabase(version)
      await using project = await codeProject({ 'migrations/2_two.mjs': one('') })
      const folder = resolve(project.root, 'migrations')
      await kyselyLatest(database.url, { folder })
      await project.write({ 'migrations/1_one.mjs': one(''), 'migrations/3_three.mjs': one('') })
      await expect(kyselyLatest(database.url, { folder })).rejects.toThrow('corrupted migrations')
      const states = async (): Promise<readonly string[]> => {
        const { location, migrations } = await loadWith(kysely, project.files)
        const open = await openOver(await database.client(), kysely.history(location, 'public'), migrations)
        return migrations.map((migration) => open.stateOf(migration))
      }
      expect(await states()).toEqual(['skipped', 'applied', 'pending'])
      await project.write({
        'migrate.ts': "import { Migrator } from 'kysely'; new Migrator({ db, provider, allowUnorderedMigrations: true })",
      })
      expect(await states()).toEqual(['pending', 'applied', 'pending'])
    },
  )

  test('tables are made by the names of the Migrator, as Kysely makes them', { timeout: longest }, async () => {
    await using theirs = await freshDatabase(version)
    await using ours = await freshDatabase(version)
    const tables = { migrationTableSchema: 'My App', migrationTableName: 'steps', migrationLockTableName: 'steps lock' }
    await using project = await codeProject({
      'src/db/migrate.ts': `import { FileMigrationProvider, Migrator } from 'kysely'
        const provider = new FileMigrationProvider({ fs, path, migrationFolder: path.join(__dirname, '../steps') })
        const migrator = new Migrator({ db, provider, ...${JSON.stringify(tables)}, disableTransactions: true })`,
      'src/steps/1_one.mjs': one(''),
      'src/steps/helper.mjs': 'export const helper = 1',
    })
    const { location, migrations } = await loadWith(kysely, project.files)
    expect(migrations.map(({ file, transaction }) => [file, transaction])).toEqual([['src/steps/1_one.mjs', 'none']])
    await kyselyLatest(theirs.url, { folder: resolve(project.root, 'src/steps'), ...tables })
    const client = await ours.client()
    const open = await openOver(client, kysely.history(location, 'public'), migrations)
    for (const migration of migrations) await runAll(client, [...open.create, ...open.begin(migration), ...open.finish(migration)])
    const volatile = [{ table: 'steps', column: 'timestamp' }]
    expect(await schemaOf(client)).toEqual(await schemaOf(await theirs.client()))
    expect(await rowsOf(client, volatile)).toEqual(await rowsOf(await theirs.client(), volatile))
  })

  test('plugins of kysely.config.ts shape the SQL, as they do in its own run', { timeout: longest }, async () => {
    await using theirs = await freshDatabase(version)
    await using project = await codeProject({
      'kysely.config.ts':
        "import { CamelCasePlugin } from 'kysely'\nexport default { plugins: [new CamelCasePlugin()], migrations: { migrationFolder: 'steps' } }",
      'steps/1_one.mjs': one("await db.schema.createTable('myTable').addColumn('firstName', 'text').execute()"),
    })
    const { migrations } = await loadWith(kysely, project.files)
    expect(sqlOf(migrations[0])).toEqual(['create table "my_table" ("first_name" text)'])
    await kyselyLatest(theirs.url, { folder: resolve(project.root, 'steps'), plugins: [new CamelCasePlugin()] })
    expect((await (await theirs.client()).query('SELECT first_name FROM my_table')).rows).toEqual([])
  })
})

test('plugins that only the program which migrates knows are refused', async () => {
  await using project = await tempProject({
    'src/db/database.ts': "import { Kysely } from 'kysely'; export const db = new Kysely({ dialect, plugins: [new CamelCasePlugin()] })",
    'migrations/1_one.mjs': one(''),
  })
  await expect(loadWith(kysely, project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: 'src/db/database.ts gives plugins to its Kysely, which may change the SQL, and Lockkeeper does not run it.',
  })
})

test('code that heeds how many rows it changed asks the database', { timeout: longest }, async () => {
  const heeding = `
    const { numUpdatedRows } = await db.updateTable('users').set({ a: 2 }).executeTakeFirst()
    if (numUpdatedRows > 0n) await sql\`TRUNCATE other\`.execute(db)`
  await using project = await codeProject({ 'migrations/1_one.mjs': one(heeding) })
  await expect(loadWith(kysely, project.files)).rejects.toMatchObject({
    code: 'source-needs-sandbox',
    message: 'migrations/1_one.mjs:3 asks the database: update "users" set "a" = $1 (how many rows).',
  })
})

test.each([
  ['does not parse', 'export async function up(db) { await await (', 'migrations/1_one.mjs'],
  ['throws', one('\n  throw new TypeError("no such thing")'), 'migrations/1_one.mjs:3 cannot be run: TypeError: no such thing'],
  ['ends the process', one('process.exit(3)'), 'migrations/1_one.mjs ended the process that ran it (status 3)'],
])('a migration that %s is refused', { timeout: longest }, async (_title, text, message) => {
  await using project = await codeProject({ 'migrations/0_zero.mjs': one('console.error("noise")'), 'migrations/1_one.mjs': text })
  await expect(loadWith(kysely, project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: expect.stringContaining(message) as string,
  })
})

test('a name that the Migrator computes is refused', async () => {
  await using project = await tempProject({
    'migrate.ts': "import { Migrator } from 'kysely'\nnew Migrator({\n  migrationTableName: process.env.TABLE,\n})",
    'migrations/1_one.mjs': one(''),
  })
  await expect(kysely.detect(project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: 'migrate.ts:3 computes migrationTableName, and Lockkeeper does not run it.',
  })
})

test('of two files that differ in their ending alone it takes the one that Kysely takes', { timeout: longest }, async () => {
  await using project = await codeProject({
    'migrations/1_one.js': one(''),
    'migrations/1_one.ts': one(''),
    'package.json': '{ "type": "module" }',
  })
  const { migrations } = await loadWith(kysely, project.files)
  expect(migrations.map(({ file }) => file)).toEqual(['migrations/1_one.ts'])
})

function one(up: string): string {
  return `import { sql } from 'kysely'\nexport async function up(db) { ${up} }\n`
}
