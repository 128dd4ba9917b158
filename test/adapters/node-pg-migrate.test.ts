import { describe, expect, test } from 'vitest'
import { nodePgMigrate } from '../../src/adapters/node-pg-migrate.ts'
import type { Files, Location } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { cliHere } from '../support/cli.ts'
import { agrees, loadCase, longest } from '../support/orm/agreement.ts'
import { nodePgMigratePending, nodePgMigrateUp } from '../support/orm/node-pg-migrate.ts'
import { linkedProject, openOver, tempProject } from '../support/orm/project.ts'
import { sandboxes, sqlOf } from '../support/orm/typeorm-load.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'

const root = 'test/cases/adapters/node-pg-migrate'
const run = { folder: `${root}/migrations`, table: 'My Migrations' }

agrees({
  title: 'node-pg-migrate',
  root,
  adapter: nodePgMigrate,
  table: '"My Migrations"',
  columns: 'id, name',
  migrate: (url, count) => nodePgMigrateUp(url, { ...run, ...(count === undefined ? {} : { count }) }),
  pending: (url) => nodePgMigratePending(url, run),
})

function load(files: Files, location: Partial<Location> = {}, sandboxUrl?: () => Promise<string>): Promise<readonly Migration[]> {
  const options = { signal: new AbortController().signal, dialect: postgresDialect, ...(sandboxUrl === undefined ? {} : { sandboxUrl }) }
  return nodePgMigrate.load(files, { source: 'node-pg-migrate', path: 'migrations', ...location }, options)
}

test('reads names, order, transactions and SQL, with the line of each statement', { timeout: longest }, async () => {
  const { location, migrations } = await loadCase({ adapter: nodePgMigrate, root })
  expect(location).toEqual({ source: 'node-pg-migrate', path: 'migrations', historyTable: 'My Migrations' })
  expect(migrations.map(({ id, transaction, body }) => [id, transaction, body.kind])).toEqual([
    ['1795561356121_init', 'batch', 'recorded'],
    ['1795561362065_order-changes', 'batch', 'recorded'],
    ['1795561367211_index-orders', 'none', 'recorded'],
    ['1795561372000_notes', 'batch', 'sql'],
  ])
  for (const { body } of migrations) {
    const lines = Buffer.from(body.bytes).toString().split('\n')
    for (const { line } of body.kind === 'recorded' ? body.statements : []) expect(lines[(line ?? 0) - 1]).toContain('pgm.')
  }
  const sql = Buffer.from(migrations[3]?.body.bytes ?? []).toString()
  expect(sql.split('\n')[2]).toBe('CREATE TABLE notes (id bigint PRIMARY KEY, note text);')
  expect(sql).not.toContain('DROP')
})

const up = (body: string): string => `exports.up = ${body}\n`

describe('order', () => {
  test('goes by the number at the front, whatever its length, then by name', { timeout: longest }, async () => {
    await using project = await linkedProject({
      'migrations/10_b.js': up('(pgm) => pgm.sql("SELECT 10")'),
      'migrations/9_a.js': up('(pgm) => pgm.sql("SELECT 9")'),
      // 20240101000000000 is a time of UTC: 1704067200000.
      'migrations/20240101000000000_d.js': up('(pgm) => pgm.sql("SELECT 3")'),
      'migrations/1704067199999_c.js': up('(pgm) => pgm.sql("SELECT 2")'),
      'migrations/1704067200001_e.sql': 'SELECT 4',
    })
    expect((await load(project.files)).map(({ id }) => id)).toEqual([
      '9_a',
      '10_b',
      '1704067199999_c',
      '20240101000000000_d',
      '1704067200001_e',
    ])
  })

  test('a file without a number is refused, as the tool refuses it', async () => {
    await using project = await linkedProject({ 'migrations/1_a.js': up('() => {}'), 'migrations/b.js': up('(pgm) => {}') })
    await expect(load(project.files)).rejects.toMatchObject({
      code: 'source-unreadable',
      message: 'migrations/b.js does not begin with a number, by which node-pg-migrate orders.',
    })
  })

  test.each([
    [undefined, 'skipped'],
    [true, 'pending'],
  ] as const)(
    'a late file before one that was run is out of order, unless the tool was told not to look',
    { timeout: longest },
    async (unordered, state) => {
      await using project = await linkedProject({ 'migrations/1_a.js': up('() => {}'), 'migrations/2_b.js': up('() => {}') })
      await using database = await freshDatabase(testVersions[0] ?? 18)
      const location = { source: 'node-pg-migrate', path: 'migrations', ...(unordered === undefined ? {} : { unordered }) } as const
      const migrations = await load(project.files)
      const client = await database.client()
      await client.query(
        "CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255), run_on timestamp); INSERT INTO pgmigrations (name, run_on) VALUES ('2_b', now()), ('0_gone', now())",
      )
      const open = await openOver(client, nodePgMigrate.history(location, 'public'), migrations)
      expect(migrations.map((migration) => open.stateOf(migration))).toEqual([state, 'applied'])
      expect(open.unknown).toEqual(['0_gone'])
    },
  )
})

test('types of one file hold for those after it, and callbacks are waited for', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'migrations/1_a.js': 'exports.shorthands = { money: "numeric(9,3)" }; exports.up = (pgm) => pgm.createTable("a", { m: "money" })',
    'migrations/2_b.js': up('(pgm, run) => { setTimeout(() => { pgm.createTable("b", { m: "money" }); run() }, 20) }'),
  })
  const migrations = await load(project.files)
  expect(migrations.flatMap(sqlOf)).toEqual(['CREATE TABLE "a" ( "m" numeric(9,3) );', 'CREATE TABLE "b" ( "m" numeric(9,3) );'])
})

test(
  'a migration that asks the catalog is decided on a sandbox, and what it was told becomes an assumption',
  { timeout: longest },
  async () => {
    await using project = await linkedProject({
      'migrations/1_a.js': up(`async (pgm) => {
      const found = await pgm.db.select("SELECT 1 FROM information_schema.tables WHERE table_name = 'a'")
      if (found.length === 0) pgm.createTable('a', { id: 'int' })
    }`),
    })
    await expect(load(project.files)).rejects.toMatchObject({ code: 'source-needs-sandbox' })
    const [migration] = await load(project.files, {}, sandboxes(testVersions[0] ?? 18))
    expect(sqlOf(migration)).toEqual(['CREATE TABLE "a" ( "id" integer );'])
    expect(migration?.body.kind === 'recorded' ? migration.body.assumptions : []).toMatchObject([{ rows: [] }])
  },
)

test('a migration that reads rows is run as code, and leaves what its own tool leaves', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'migrations/1_a.js': up('(pgm) => pgm.createTable("a", { id: "id", slug: "text" })'),
    'migrations/2_b.js': up(`async (pgm) => {
      for (const { id } of await pgm.db.select("SELECT id FROM a ORDER BY id")) pgm.sql("UPDATE a SET slug = 'row " + id + "' WHERE id = " + id)
    }`),
  })
  const folder = `${project.root}/migrations`
  const ours = (url: string): Promise<unknown> => cliHere(['apply', '--yes', '--database-url', url], { cwd: project.root })
  const rowsAfter = async (finish: (url: string) => Promise<unknown>): Promise<unknown> => {
    await using database = await freshDatabase(testVersions[0] ?? 18)
    const client = await database.client()
    await nodePgMigrateUp(database.url, { folder, count: 1 })
    await client.query('INSERT INTO a (slug) VALUES (NULL), (NULL)')
    await finish(database.url)
    expect(await nodePgMigratePending(database.url, { folder })).toEqual([])
    return (await client.query('SELECT id, slug FROM a ORDER BY id')).rows
  }
  const rows = [await rowsAfter((url) => nodePgMigrateUp(url, { folder })), await rowsAfter(ours)]
  expect(rows[1]).toEqual(rows[0])
  expect(rows[1]).toMatchObject([{ slug: 'row 1' }, { slug: 'row 2' }])
})

test.each([
  ['exports no up', 'exports.down = (pgm) => {}', 'cannot be run: exports no function up'],
  ['has its up turned off', 'exports.up = false; // pgm', 'cannot be run: has its up turned off'],
  ['throws', up('(pgm) => { throw new Error("no") }'), 'cannot be run: Error: no'],
])('a file that %s is named', { timeout: longest }, async (_what, text, message) => {
  await using project = await linkedProject({ 'migrations/1_a.js': text })
  await expect(load(project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: expect.stringContaining(message) as string,
  })
})

test('an SQL folder is one of its own only where the project has the tool', async () => {
  const files = { 'migrations/1_a.sql': 'SELECT 1' }
  await using plain = await tempProject(files)
  expect(await nodePgMigrate.detect(plain.files)).toBeUndefined()
  await using used = await tempProject({ ...files, 'package.json': '{"dependencies": {"node-pg-migrate": "9"}}' })
  expect(await nodePgMigrate.detect(used.files)).toMatchObject({
    source: 'node-pg-migrate',
    path: 'migrations',
    historyTable: 'pgmigrations',
  })
})

describe('configuration', () => {
  const uses = '"devDependencies": {"node-pg-migrate": "9"}'
  test.each([
    [
      'flags of a script',
      {
        'package.json': `{${uses}, "scripts": {"m": "env X=1 node-pg-migrate -m db/m --migrations-schema audit -t done --no-check-order && true"}}`,
      },
    ],
    [
      'a config file',
      {
        'package.json': `{${uses}, "scripts": {"m": "node-pg-migrate up --config-file pgm.json"}}`,
        'pgm.json': '{"migrations-dir": "db/m", "schema": ["audit", "public"], "migrations-table": "done", "check-order": false}',
      },
    ],
    [
      'the section db of config/default.json',
      {
        'package.json': `{${uses}}`,
        'config/default.json':
          '{"db": {"migrations-dir": "db/m", "migrations-schema": "audit", "migrations-table": "done", "check-order": false}}',
      },
    ],
  ])('is read from %s', async (_where, files) => {
    await using project = await tempProject({ ...files, 'db/m/1_a.sql': 'SELECT 1' })
    expect(await nodePgMigrate.detect(project.files)).toEqual({
      source: 'node-pg-migrate',
      path: 'db/m',
      historySchema: 'audit',
      historyTable: 'done',
      unordered: true,
    })
  })

  test('a name from the environment is refused', async () => {
    await using project = await tempProject({
      'package.json': `{${uses}, "scripts": {"m": "node-pg-migrate -t $TABLE"}}`,
      'migrations/1_a.sql': '',
    })
    await expect(nodePgMigrate.detect(project.files)).rejects.toMatchObject({ code: 'source-unreadable' })
  })

  test('without a transaction around all, each file has one', { timeout: longest }, async () => {
    await using project = await tempProject({
      'package.json': `{${uses}, "scripts": {"m": "node-pg-migrate up --no-single-transaction"}}`,
      'migrations/1_a.sql': '',
    })
    expect((await load(project.files)).map(({ transaction }) => transaction)).toEqual(['file'])
  })
})
