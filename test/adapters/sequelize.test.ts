import { describe, expect, test } from 'vitest'
import { sequelize } from '../../src/adapters/sequelize.ts'
import type { Files } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { cliHere } from '../support/cli.ts'
import { agrees, loadCase, longest } from '../support/orm/agreement.ts'
import { linkedProject, openOver, tempProject } from '../support/orm/project.ts'
import { sequelizeMigrate, sequelizePending, type SequelizeRun } from '../support/orm/sequelize.ts'
import { sandboxes, sqlOf } from '../support/orm/typeorm-load.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'

// sequelize-cli is umzug with an older way to call an `up`; it is driven so here.
const cli: SequelizeRun = { folder: 'test/cases/adapters/sequelize/db/migrations', table: 'Done Migrations', style: 'cli' }
const umzug: SequelizeRun = { folder: 'test/cases/adapters/umzug/migrations', style: 'umzug' }
const version = testVersions[0] ?? 18

agrees({
  title: 'sequelize-cli',
  root: 'test/cases/adapters/sequelize',
  adapter: sequelize,
  table: '"Done Migrations"',
  columns: '*',
  migrate: (url, count) => sequelizeMigrate(url, cli, count),
  pending: (url) => sequelizePending(url, cli),
})

agrees({
  title: 'umzug',
  root: 'test/cases/adapters/umzug',
  adapter: sequelize,
  table: '"SequelizeMeta"',
  columns: '*',
  migrate: (url, count) => sequelizeMigrate(url, umzug, count),
  pending: (url) => sequelizePending(url, umzug),
})

function load(files: Files, sandboxUrl?: () => Promise<string>): Promise<readonly Migration[]> {
  const options = { signal: new AbortController().signal, dialect: postgresDialect, ...(sandboxUrl === undefined ? {} : { sandboxUrl }) }
  return sequelize.load(files, { source: 'sequelize', path: 'migrations' }, options)
}

const up = (body: string): string => `module.exports = { up: ${body} }\n`

test(
  'reads names, order and SQL, with the line of each statement, and takes nothing for a transaction that no file makes',
  { timeout: longest },
  async () => {
    const { location, migrations } = await loadCase({ adapter: sequelize, root: 'test/cases/adapters/sequelize' })
    expect(location).toEqual({ source: 'sequelize', path: 'db/migrations', historyTable: 'Done Migrations' })
    expect(migrations.map(({ id, transaction, history }) => [id, transaction, history['name']])).toEqual(
      ['20261124090000-init', '20261124091000-order-changes', '20261124092000-index'].map((id) => [id, 'none', `${id}.js`]),
    )
    for (const { body } of migrations) {
      const lines = Buffer.from(body.bytes).toString().split('\n')
      const statements = body.kind === 'recorded' ? body.statements.filter(({ sql }) => !/^(?:START TRANSACTION|COMMIT);$/.test(sql)) : []
      for (const { line } of statements) expect(lines[(line ?? 0) - 1]).toContain('queryInterface.')
    }
    expect(sqlOf(migrations[1])[0]).toBe('START TRANSACTION;')
    expect(sqlOf(migrations[1]).at(-1)).toBe('COMMIT;')
  },
)

describe.each([
  ['two arguments', up('async (queryInterface, Sequelize) => queryInterface.createTable("a", { n: Sequelize.INTEGER })')],
  [
    'a callback',
    up('function (queryInterface, Sequelize, done) { queryInterface.createTable("a", { n: Sequelize.INTEGER }).then(() => done(), done) }'),
  ],
  ['the context taken apart', up('async ({ context }) => context.createTable("a", { n: "INTEGER" })')],
  ['the context by another name', up('async function ({ name, context: q }) { await q.createTable("a", { n: "INTEGER" }) }')],
  ['the context of its parameter', up('async (params) => params.context.createTable("a", { n: "INTEGER" })')],
  [
    'a method with the query interface taken apart',
    'module.exports = { async up({ sequelize }, Sequelize) { await sequelize.query("CREATE TABLE a (n int)") } }',
  ],
  [
    'a module of TypeScript',
    'import type { QueryInterface } from "sequelize"\nexport async function up(q: QueryInterface): Promise<void> { await q.createTable("a", { n: "INTEGER" }) }',
  ],
  ['a default export', 'export default { up: async (queryInterface) => queryInterface.createTable("a", { n: "INTEGER" }) }'],
])('an up that takes %s', (_what, text) => {
  test('is called so', { timeout: longest }, async () => {
    await using project = await linkedProject({ 'migrations/1-a.ts': text })
    const [migration] = await load(project.files)
    expect(sqlOf(migration).map((sql) => sql.replace(/IF NOT EXISTS |["; ]/g, ''))).toEqual([
      expect.stringMatching(/^CREATETABLEa\(nint(?:eger)?\)$/i),
    ])
  })
})

test('what umzug is told to give as context is given: Sequelize itself', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'umzug.js':
      'const umzug = new Umzug({ migrations: { glob: "migrations/*.js" }, context: sequelize, storage: new SequelizeStorage({ sequelize, tableName: "Done" }) })',
    'migrations/1-a.js': up('async ({ context }) => context.query("CREATE TABLE a (n int)")'),
  })
  expect(await sequelize.detect(project.files)).toMatchObject({ path: 'migrations', historyTable: 'Done' })
  expect((await load(project.files)).flatMap(sqlOf)).toEqual(['CREATE TABLE a (n int)'])
})

test('a migration that asks the catalog is decided on a sandbox', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'migrations/1-a.js': up('async (queryInterface) => queryInterface.createTable("a", { n: "INTEGER" })'),
    'migrations/2-b.js': up(
      'async (queryInterface) => { if ((await queryInterface.describeTable("a")).m === undefined) await queryInterface.addColumn("a", "m", "INTEGER") }',
    ),
  })
  await expect(load(project.files)).rejects.toMatchObject({ code: 'source-needs-sandbox' })
  const migrations = await load(project.files, sandboxes(version))
  expect(sqlOf(migrations[1])).toEqual(['ALTER TABLE "public"."a" ADD COLUMN "m" INTEGER;'])
})

test('a migration that reads rows is run as code, and leaves what umzug leaves', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'migrations/1-a.js': up(
      'async (queryInterface) => queryInterface.createTable("a", { id: { type: "SERIAL", primaryKey: true }, slug: "TEXT" })',
    ),
    'migrations/2-b.js': up(`async (queryInterface) => {
      const [rows] = await queryInterface.sequelize.query('SELECT id FROM a ORDER BY id')
      for (const { id } of rows) await queryInterface.bulkUpdate('a', { slug: 'row ' + id }, { id })
    }`),
  })
  const run: SequelizeRun = { folder: `${project.root}/migrations`, style: 'cli' }
  const ours = (url: string): Promise<unknown> => cliHere(['apply', '--yes', '--database-url', url], { cwd: project.root })
  const rowsAfter = async (finish: (url: string) => Promise<unknown>): Promise<unknown> => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    await sequelizeMigrate(database.url, run, 1)
    await client.query('INSERT INTO a (slug) VALUES (NULL), (NULL)')
    await finish(database.url)
    expect(await sequelizePending(database.url, run)).toEqual([])
    return (await client.query('SELECT id, slug FROM a ORDER BY id')).rows
  }
  const rows = [await rowsAfter((url) => sequelizeMigrate(url, run)), await rowsAfter(ours)]
  expect(rows[1]).toEqual(rows[0])
  expect(rows[1]).toMatchObject([{ slug: 'row 1' }, { slug: 'row 2' }])
})

test('rows that compiled files left count for their sources, and are continued with the same ending', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'migrations/1-a.ts': 'export async function up(queryInterface: any) {}',
    'migrations/2-b.ts': 'export async function up(queryInterface: any) {}',
  })
  await using database = await freshDatabase(version)
  const client = await database.client()
  await client.query(
    `CREATE TABLE "SequelizeMeta" (name varchar(255) PRIMARY KEY); INSERT INTO "SequelizeMeta" VALUES ('0-gone.js'), ('1-a.js')`,
  )
  const migrations = await load(project.files)
  const open = await openOver(client, sequelize.history({ source: 'sequelize', path: 'migrations' }, 'public'), migrations)
  expect(migrations.map((migration) => open.stateOf(migration))).toEqual(['applied', 'pending'])
  expect(open.unknown).toEqual(['0-gone.js'])
  for (const migration of migrations.slice(1)) for (const sql of open.finish(migration)) await client.query(sql)
  expect((await client.query('SELECT name FROM "SequelizeMeta" ORDER BY 1')).rows.map(({ name }) => name as string)).toEqual([
    '0-gone.js',
    '1-a.js',
    '2-b.js',
  ])
})

describe('configuration', () => {
  const one = { 'db/m/1-a.js': up('async (queryInterface) => {}') }

  test('paths and names of .sequelizerc and the config are read', async () => {
    await using project = await tempProject({
      ...one,
      '.sequelizerc':
        "const path = require('path')\nmodule.exports = { 'config': path.resolve('settings', 'db.json'), 'migrations-path': path.join(__dirname, './db', 'm') }",
      'settings/db.json': '{"production": {"migrationStorageTableName": "done", "migrationStorageTableSchema": "audit"}}',
    })
    expect(await sequelize.detect(project.files)).toEqual({
      source: 'sequelize',
      path: 'db/m',
      historyTable: 'done',
      historySchema: 'audit',
    })
  })

  test('a name that only running it could tell is refused', async () => {
    await using project = await tempProject({
      ...one,
      'config/config.js': 'module.exports = { migrationStorageTableName: process.env.TABLE }',
    })
    await expect(sequelize.recognises(project.files, 'db/m')).rejects.toMatchObject({ code: 'source-unreadable' })
  })

  test("other tools' files are not its own", async () => {
    await using project = await tempProject({
      'package.json': '{"dependencies": {"sequelize": "6"}}',
      'migrations/1_a.js': 'exports.up = (knex) => knex.schema.createTable("a", (context) => {})',
    })
    expect(await sequelize.detect(project.files)).toBeUndefined()
  })
})
