import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { pgroll } from '../../src/adapters/pgroll.ts'
import { diffSchemas } from '../../src/postgres/describe.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import type { Files } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { cliHere, type Outcome } from '../support/cli.ts'
import { pgrollInit, pgrollRows } from '../support/orm/pgroll.ts'
import { openOver, tempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'
import { schemaOf } from '../support/snapshot.ts'

// pgroll itself is a Go program that cannot be had here: its end state stands in end-state.sql, and its table is made as its init.sql makes it.
const root = 'test/cases/adapters/pgroll'
const ids = [
  '01_create_tables',
  '02_new_columns',
  '03_changes',
  '04_indexes',
  '05_constraints',
  '05_more_constraints',
  '06_goodbye',
  '07_sql',
]
const longest = 120_000

async function load(files: Files): Promise<readonly Migration[]> {
  const location = await pgroll.detect(files)
  if (location === undefined) throw new Error('no folder of pgroll found')
  return pgroll.load(files, location, { signal: new AbortController().signal, dialect: postgresDialect })
}

const apply = (database: TestDatabase, ...more: readonly string[]): Promise<Outcome> =>
  cliHere(['apply', '--yes', '--json', '--database-url', database.url, ...more], { cwd: root })

/** A file that touches what an earlier one keeps double waits for its contract, so that each is expanded and completed in turn. */
async function applyAll(database: TestDatabase): Promise<void> {
  for (;;) {
    const applied = await apply(database)
    const outcome = applied.stdout + applied.stderr
    const isWaiting = applied.status === 5 && outcome.includes('waits-for-contract')
    expect(applied.status === 0 || isWaiting, outcome).toBe(true)
    const completed = await cliHere(['complete', '--override', 'unused', '--reason', 'a test', '--database-url', database.url], {
      cwd: root,
    })
    expect(completed.status, completed.stdout + completed.stderr).toBe(0)
    if (applied.status === 0) return
  }
}

const rows = `
  INSERT INTO "Customers" (name, email, age, visits) VALUES (NULL, 'a@x', 31, 0), ('Bo', 'b@x', NULL, 12);
  INSERT INTO orders (customer, code, region, total) VALUES (1, NULL, 'north', 5), (2, 'abc', NULL, 50)`

async function endState(version: number): Promise<TestDatabase> {
  return freshDatabase(version, { setup: await readFile(`${root}/end-state.sql`, 'utf8') })
}

/** Our journal, pgroll's table and the last version's views apart, and the order of columns, which differs where pgroll makes one anew. */
async function userSchema(database: TestDatabase): Promise<Awaited<ReturnType<typeof schemaOf>>> {
  const schema = await schemaOf(await database.client())
  return Object.fromEntries(
    Object.entries(schema).filter(([object]) => !/\bpgroll\b|pg_roll|^column order|^order of columns|\bpublic_07_sql\b/.test(object)),
  )
}

forEachVersion('pgroll', (version) => {
  test('what we apply, rows and all, ends where pgroll ends', { timeout: longest }, async () => {
    await using expected = await endState(version)
    await using database = await freshDatabase(version)
    const first = await apply(database, '--to', '01_create_tables')
    expect(first.status, first.stdout + first.stderr).toBe(0)
    const client = await database.client()
    await client.query(rows)
    await applyAll(database)
    expect(diffSchemas(await userSchema(expected), await userSchema(database))).toEqual([])
    expect((await client.query('SELECT name, visits, label, active, handle FROM "Customers" ORDER BY id')).rows).toEqual([
      { name: 'nobody 1', visits: 'none', label: 'customer 1', active: true, handle: 'a@x#1' },
      { name: 'Bo', visits: '12', label: 'customer 2', active: true, handle: 'b@x#2' },
    ])
    expect((await client.query('SELECT code, area FROM purchases ORDER BY id')).rows).toEqual([
      { code: 'MADE UP', area: null },
      { code: 'ABC', area: null },
    ])
    const status = await cliHere(['status', '--json', '--database-url', database.url], { cwd: root })
    expect(JSON.parse(status.stdout)).toMatchObject({
      migrations: ids.map((id) => ({ id, source: 'pgroll', state: 'complete' })),
      unknown: [],
    })
  })

  test('its history gets the rows that it would have written, and none for DDL behind its back', { timeout: longest }, async () => {
    await using database = await freshDatabase(version, { setup: pgrollInit })
    const outcome = await apply(database)
    expect(outcome.status, outcome.stdout + outcome.stderr).toBe(0)
    const found = await pgrollRows(await database.client())
    expect(found.map(({ name, parent, done, migration_type: type }) => [name, parent, done, type])).toEqual(
      ids.map((id, at) => [id, at === 0 ? null : ids[at - 1], true, 'pgroll']),
    )
    expect(found[6]?.migration).toEqual(JSON.parse(await readFile(`${root}/migrations/06_goodbye.json`, 'utf8')))
    expect(found[2]?.migration).toMatchObject({ version_schema: 'changes' })
    expect(Object.keys(found[6]?.resulting_schema.tables ?? {}).toSorted()).toEqual(['Customers', 'purchases'])
  })

  test('a database that pgroll brought half the way is continued', { timeout: longest }, async () => {
    await using database = await freshDatabase(version)
    expect((await apply(database, '--to', '02_new_columns')).status).toBe(0)
    const client = await database.client()
    // As pgroll would have left it: its own table, and nothing of ours.
    await client.query(`DROP SCHEMA lockkeeper CASCADE; ${pgrollInit};
      INSERT INTO pgroll.migrations (schema, name, parent, done, migration) VALUES
        ('public', '01_create_tables', NULL, true, '{}'), ('public', '02_new_columns', '01_create_tables', true, '{}')`)
    await applyAll(database)
    expect((await pgrollRows(client)).map(({ name }) => name)).toEqual(ids)
  })

  test('check says of files what apply would leave, and not what plain SQL would do', { timeout: longest }, async () => {
    await using database = await freshDatabase(version)
    expect((await apply(database, '--to', '01_create_tables')).status).toBe(0)
    const checked = await cliHere(['check', 'migrations', '--database-url', database.url], { cwd: root })
    expect(checked.status, checked.stdout).toBe(0)
    expect(checked.stdout).toContain('0 errors')
    expect(checked.stdout).toContain('foreign-key-without-index')
  })

  test('an active migration of pgroll stops us', { timeout: longest }, async () => {
    await using database = await freshDatabase(version, { setup: pgrollInit })
    const client = await database.client()
    await client.query(`INSERT INTO pgroll.migrations (schema, name, migration) VALUES ('public', '01_create_tables', '{}')`)
    const stopped = await apply(database)
    expect(stopped.status).toBe(1)
    expect(stopped.stdout + stopped.stderr).toContain('01_create_tables was begun by pgroll itself')
  })

  test('while ours is in flight pgroll sees an active migration, and after an abort it sees none', { timeout: longest }, async () => {
    await using project = await tempProject({
      'migrations/1.json': '{"operations": [{"create_table": {"name": "t", "columns": [{"name": "id", "type": "int", "pk": true}]}}]}',
    })
    await using database = await freshDatabase(version, { setup: pgrollInit })
    const run = (...args: readonly string[]): Promise<Outcome> => cliHere([...args, '--database-url', database.url], { cwd: project.root })
    expect((await run('apply', '--yes')).status).toBe(0)
    const client = await database.client()
    await client.query('INSERT INTO t VALUES (1), (2)')
    await project.write({
      'migrations/2.yaml': `operations:
  - add_column: {table: t, column: {name: c, type: int, nullable: true}, up: 1 / (id - 2)}`,
    })
    expect((await run('apply', '--yes')).status).toBe(5)
    expect((await pgrollRows(client)).map(({ name, parent, done }) => [name, parent, done])).toEqual([
      ['1', null, true],
      ['2', '1', false],
    ])
    const aborted = await run('abort')
    expect(aborted.status, aborted.stderr).toBe(0)
    expect((await pgrollRows(client)).map(({ name, done }) => [name, done])).toEqual([['1', true]])
    expect((await client.query(`SELECT FROM pg_attribute WHERE attrelid = 't'::regclass AND attname = 'c'`)).rows).toEqual([])
  })

  test(
    "a contract that is still to come stands as active in its table, and our own DDL is nobody else's",
    { timeout: longest },
    async () => {
      await using project = await tempProject({
        'migrations/1.json':
          '{"operations": [{"create_table": {"name": "t", "columns": [{"name": "id", "type": "int", "pk": true}, {"name": "c", "type": "text", "nullable": true}]}}]}',
      })
      await using database = await freshDatabase(version, { setup: pgrollInit })
      const run = (...args: readonly string[]): Promise<Outcome> =>
        cliHere([...args, '--database-url', database.url], { cwd: project.root })
      expect((await run('apply', '--yes')).status).toBe(0)
      await project.write({
        'migrations/2.yaml': 'operations: [{drop_column: {table: t, column: c}}]',
        'migrations/3.yaml': 'operations: [{create_index: {name: t_id, table: t, columns: [{column: id}]}}]',
      })
      const applied = await run('apply', '--yes')
      expect(applied.status, applied.stderr).toBe(0)
      const client = await database.client()
      const told = async () => (await pgrollRows(client)).map(({ name, done, migration_type: type }) => [name, done, type])
      expect(await told()).toEqual([
        ['1', true, 'pgroll'],
        ['2', false, 'pgroll'],
        ['3', false, 'pgroll'],
      ])
      expect(JSON.parse((await run('status', '--json')).stdout)).toMatchObject({
        migrations: [{ state: 'complete' }, { state: 'expanded' }, {}],
      })
      // The file behind it is recorded.
      expect((await run('abort', '2', '--yes')).status).not.toBe(0)
      const completed = await run('complete', '--yes', '--override', 'unused', '--reason', 'a test')
      expect(completed.status, completed.stderr).toBe(0)
      expect(await told()).toEqual([
        ['1', true, 'pgroll'],
        ['2', true, 'pgroll'],
        ['3', true, 'pgroll'],
      ])
    },
  )

  test("a table of the application's that is called migrations is none of its history", async () => {
    await using database = await freshDatabase(version, { setup: 'CREATE TABLE public.migrations (name text)' })
    const status = await cliHere(['status', '--json', '--database-url', database.url], { cwd: root })
    expect(JSON.parse(status.stdout)).toMatchObject({ migrations: ids.map((id) => ({ id, state: 'pending' })) })
  })

  test('a baseline counts for all before it, and a file that sorts before the last one is out of order', async () => {
    await using database = await freshDatabase(version, { setup: pgrollInit })
    const client = await database.client()
    await client.query(`INSERT INTO pgroll.migrations (schema, name, parent, done, migration, migration_type) VALUES
      ('public', '03_changes', NULL, true, '{}', 'baseline'), ('public', '05_constraints', '03_changes', true, '{}', 'pgroll'),
      ('public', '05_made_elsewhere', '05_constraints', true, '{}', 'pgroll')`)
    const migrations = await load(diskFiles(root))
    const open = await openOver(client, pgroll.history({ source: 'pgroll', path: 'migrations' }, 'public'), migrations)
    expect(migrations.map((migration) => open.stateOf(migration))).toEqual([
      'applied',
      'applied',
      'applied',
      'skipped',
      'applied',
      'pending',
      'pending',
      'pending',
    ])
    expect(open.unknown).toEqual(['05_made_elsewhere'])
  })
})
