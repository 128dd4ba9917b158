import { expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { knex } from '../../src/adapters/knex.ts'
import { cliHere } from '../support/cli.ts'
import { codeProject, loadWith, longest, sandboxes, sqlOf } from '../support/orm/code-load.ts'
import { knexLatest, knexPending, knexUp, one, type KnexRun } from '../support/orm/knex.ts'
import { openOver, runAll } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { rowsOf, schemaOf } from '../support/snapshot.ts'

const root = 'test/cases/adapters/knex'
const run: KnexRun = { root, directory: ['db/migrations', 'db/more'], tableName: 'My Migrations' }
const names = [
  '20260210101510_init.js',
  '20260211101511_order_state.js',
  '20260212101512_invoices.ts',
  '20260213101513_lower_emails.js',
  '20260214101514_orders_state_index.js',
]

const times = [
  { table: 'My Migrations', column: 'migration_time' },
  { table: 'customers', column: 'created_at' },
  { table: 'customers', column: 'updated_at' },
]

async function contentOf(database: TestDatabase): Promise<unknown> {
  const client = await database.client()
  return { schema: await schemaOf(client), rows: await rowsOf(client, times) }
}

const lockkeeper = (command: string, database: TestDatabase) =>
  cliHere([command, ...(command === 'apply' ? ['--yes'] : []), '--json', '--database-url', database.url], { cwd: root })

forEachVersion('Knex', (version) => {
  test('reads folders, order and SQL, with the line of each statement', { timeout: longest }, async () => {
    const { location, migrations } = await loadWith(knex, diskFiles(root), { sandboxUrl: sandboxes(version) })
    expect(location).toEqual({ source: 'knex', path: 'db/migrations', historyTable: 'My Migrations' })
    expect(migrations.map(({ history }) => history['name'])).toEqual(names)
    expect(migrations.map(({ transaction }) => transaction)).toEqual(['batch', 'batch', 'batch', 'batch', 'none'])
    expect(migrations[1]?.body).toMatchObject({
      statements: [{ line: 2 }, { line: 5 }, { line: 6 }, { line: 10 }, { line: 11, parameters: ['user', ['a@b', 'c"d']] }],
    })
    expect(sqlOf(migrations[2])).toEqual([
      'create table "invoices" ("order_id" bigint, constraint "invoices_pkey" primary key ("order_id"))',
      'alter table "orders" add column "note" text',
    ])
    expect(migrations[2]?.body).toMatchObject({
      assumptions: [
        { parameters: ['invoices'], rows: [], line: 4 },
        { rows: [], line: 9 },
      ],
    })
    expect(migrations[3]?.body).toMatchObject({ readsRows: { call: 'select "id", "email" from "customers"', line: 2 } })
  })

  test(
    'after apply it finds nothing pending, and both databases are alike, history and rows included',
    { timeout: 3 * longest },
    async () => {
      await using theirs = await freshDatabase(version)
      await using ours = await freshDatabase(version)
      expect(await knexLatest(theirs.url, run)).toHaveLength(names.length)
      const applied = await lockkeeper('apply', ours)
      expect(applied.status, applied.stderr + applied.stdout).toBe(0)
      expect(await knexLatest(ours.url, run)).toEqual([])
      expect(await contentOf(ours)).toEqual(await contentOf(theirs))
    },
  )

  test('what it began is continued, as one batch more', { timeout: 3 * longest }, async () => {
    await using theirs = await freshDatabase(version)
    await using ours = await freshDatabase(version)
    for (const { url } of [theirs, ours])
      for (const at of [0, 1]) expect(await knexUp(url, run)).toEqual([expect.stringContaining(names[at] ?? '')])
    await knexLatest(theirs.url, run)
    const applied = await lockkeeper('apply', ours)
    expect(applied.status, applied.stderr + applied.stdout).toBe(0)
    expect(await knexPending(ours.url, run)).toEqual([])
    expect(await contentOf(ours)).toEqual(await contentOf(theirs))
  })

  test('its own deploy refuses to start while one is in flight, and finds it pending after an abort', { timeout: longest }, async () => {
    await using database = await freshDatabase(version)
    await using project = await codeProject({ 'migrations/1_one.js': one('await knex.schema.createTable("one", (t) => t.increments())') })
    const { location, migrations } = await loadWith(knex, project.files)
    const history = knex.history(location, 'public')
    const client = await database.client()
    const own = { root: project.root, directory: ['migrations'] }
    const begun = await openOver(client, history, migrations)
    for (const migration of migrations) await runAll(client, [...begun.create, ...begun.begin(migration)])
    await expect(knexLatest(database.url, own)).rejects.toThrow('Migration table is already locked')
    for (const migration of migrations) await runAll(client, begun.withdraw?.(migration) ?? [])
    expect(await knexLatest(database.url, own)).toEqual([expect.stringContaining('1_one.js')])
    const open = await openOver(client, history, migrations)
    expect(migrations.map((migration) => open.stateOf(migration))).toEqual(['applied'])
    for (const migration of migrations) await runAll(client, [...open.begin(migration), ...open.rollBack(migration), 'DROP TABLE one'])
    expect(await knexLatest(database.url, own)).toEqual([expect.stringContaining('1_one.js')])
  })

  test('an unfinished one is taken back by abort, and is pending in its own deploy then', { timeout: 3 * longest }, async () => {
    await using database = await freshDatabase(version, { setup: 'CREATE TABLE orders (note text)' })
    const failing = "await knex.schema.table('orders', (t) => { t.index('note') }); await knex.raw('SELECT 1 / 0')"
    await using project = await codeProject({ 'migrations/1_one.js': one(failing) })
    const own = { root: project.root, directory: ['migrations'] }
    const failed = await cliHere(['apply', '--yes', '--database-url', database.url], { cwd: project.root })
    expect(failed.status, failed.stderr).toBe(5)
    await expect(knexLatest(database.url, own)).rejects.toThrow('already locked')
    expect((await cliHere(['abort', '--yes', '--database-url', database.url], { cwd: project.root })).status).toBe(0)
    expect(await knexPending(database.url, own)).toEqual(['1_one.js'])
    const client = await database.client()
    const { rows } = await client.query(
      'SELECT is_locked, (SELECT count(*)::int FROM pg_indexes WHERE tablename = $1) AS n FROM knex_migrations_lock',
      ['orders'],
    )
    expect(rows).toEqual([{ is_locked: 0, n: 0 }])
  })

  test('with a search path in the knexfile all lands in its schema, history included', { timeout: 3 * longest }, async () => {
    await using database = await freshDatabase(version, { setup: 'CREATE SCHEMA app' })
    await using project = await codeProject({
      'knexfile.js': "module.exports = { client: 'pg', searchPath: 'app' }",
      'migrations/1_one.js': one("await knex.schema.createTable('one', (t) => { t.integer('a') })"),
    })
    const applied = await cliHere(['apply', '--yes', '--database-url', database.url], { cwd: project.root })
    expect(applied.status, applied.stderr + applied.stdout).toBe(0)
    expect(await knexLatest(database.url, { root: project.root, directory: ['migrations'], schemaName: 'app' })).toEqual([])
    const client = await database.client()
    expect(
      (await client.query("SELECT table_name AS t FROM information_schema.tables WHERE table_schema = 'app' ORDER BY 1")).rows,
    ).toEqual([{ t: 'knex_migrations' }, { t: 'knex_migrations_lock' }, { t: 'one' }])
  })

  test('names recorded without a file are told, as Knex refuses them', { timeout: longest }, async () => {
    await using database = await freshDatabase(version)
    await using project = await codeProject({ 'migrations/1_one.js': one(''), 'migrations/2_two.js': one('') })
    const { location, migrations } = await loadWith(knex, project.files)
    await knexLatest(database.url, { root: project.root, directory: ['migrations'] })
    const open = await openOver(await database.client(), knex.history(location, 'public'), migrations.slice(1))
    expect([open.unknown, open.create]).toEqual([['1_one.js'], []])
  })

  test('code that heeds how many rows it changed reads rows', { timeout: longest }, async () => {
    const heeding = `
      await knex('users').update({ a: 2 })
      let changed
      do {
        changed = await knex('users').whereRaw('a = 1').update({ a: 2 })
      } while (changed > 0)`
    await using project = await codeProject({
      'migrations/0_zero.js': one("await knex.schema.createTable('users', (t) => { t.integer('a') })"),
      'migrations/1_one.js': one(heeding),
      'migrations/2_two.js': one("await knex('users').update({ a: 2 })"),
    })
    await expect(loadWith(knex, project.files)).rejects.toMatchObject({
      code: 'source-needs-sandbox',
      message: 'migrations/1_one.js:5 asks the database: update "users" set "a" = $1 where a = 1 (how many rows).',
    })
    const { migrations } = await loadWith(knex, project.files, { sandboxUrl: sandboxes(version) })
    expect(migrations[1]?.body).toMatchObject({ readsRows: { line: 5 } })
    expect(migrations[2]?.body).not.toHaveProperty('readsRows')
  })

  test('tables are made in the schema that the knexfile names, as Knex makes them', { timeout: longest }, async () => {
    await using theirs = await freshDatabase(version, { setup: 'CREATE SCHEMA "My App"' })
    await using ours = await freshDatabase(version, { setup: 'CREATE SCHEMA "My App"' })
    await using project = await codeProject({
      'knexfile.ts': "export default { client: 'pg', migrations: { schemaName: 'My App', directory: './steps' } }",
      'steps/1_one.js': one(''),
    })
    const { location, migrations } = await loadWith(knex, project.files)
    await knexLatest(theirs.url, { root: project.root, directory: ['steps'], schemaName: 'My App' })
    const client = await ours.client()
    const open = await openOver(client, knex.history(location, 'public'), migrations)
    for (const migration of migrations) await runAll(client, [...open.create, ...open.begin(migration), ...open.finish(migration)])
    const volatile = [{ table: 'knex_migrations', column: 'migration_time' }]
    expect(await schemaOf(client)).toEqual(await schemaOf(await theirs.client()))
    expect(await rowsOf(client, volatile)).toEqual(await rowsOf(await theirs.client(), volatile))
  })
})
