import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { cliHere, flat, type Outcome } from '../support/cli.ts'
import { pgrollInit } from '../support/orm/pgroll.ts'
import { tempProject, type TempProject } from '../support/orm/project.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const files = {
  'migrations/1.json': `{"operations": [{"create_table": {"name": "t", "columns": [{"name": "id", "type": "int", "pk": true}, {"name": "a", "type": "int", "nullable": true}]}}]}`,
  'migrations/2.yaml': 'version_schema: second\noperations: [{rename_column: {table: t, from: a, to: b}}]',
  'migrations/3.yaml': 'operations: [{create_index: {name: t_id, table: t, columns: [{column: id}]}}]',
}

const runner =
  (project: TempProject, database: TestDatabase) =>
  (...args: readonly string[]): Promise<Outcome> =>
    cliHere([...args, '--database-url', database.url], { cwd: project.root })

forEachVersion("pgroll's verbs", (version) => {
  test('start takes one file, complete and rollback end it, migrate takes the rest', { timeout: 60_000 }, async () => {
    await using project = await tempProject(files)
    await using database = await freshDatabase(version)
    const run = runner(project, database)
    const early = await run('start', 'migrations/2.yaml')
    expect([early.status, flat(early.stderr)]).toEqual([1, expect.stringContaining('1 comes before 2 and is not applied yet')])
    expect((await run('start', 'migrations/1.json')).status).toBe(0)
    expect((await run('latest', 'schema')).stdout).toBe('public_1\n')
    expect((await run('start', 'migrations/2.yaml')).status).toBe(0)
    expect((await run('latest', 'schema')).stdout).toBe('public_second\n')
    expect((await run('rollback')).status).toBe(0)
    expect((await run('latest', 'migration')).stdout).toBe('1\n')
    const many = await run('migrate', 'migrations', '--expect-one')
    expect([many.status, flat(many.stderr)]).toEqual([1, expect.stringContaining('2 files are pending')])
    expect((await run('migrate', 'migrations')).status).toBe(0)
    expect((await run('latest', 'schema')).stdout).toBe('public_3\n')
    expect((await run('complete', '--override', 'unused', '--reason', 'a test')).status).toBe(0)
    const { rows } = await (await database.client()).query(`SELECT nspname FROM pg_namespace WHERE nspname LIKE 'public\\_%'`)
    expect(rows).toEqual([{ nspname: 'public_3' }])
  })

  test('latest says the version that the history of pgroll has, or that a folder would bring', async () => {
    await using project = await tempProject(files)
    await using database = await freshDatabase(version, {
      setup: `${pgrollInit}; INSERT INTO pgroll.migrations (schema, name, parent, done, migration, migration_type) VALUES
        ('public', 'z_first', NULL, true, '{}', 'baseline'), ('public', 'a_second', 'z_first', true, '{"version_schema": "v2"}', 'pgroll'),
        ('public', 'inferred_x', 'a_second', true, '{}', 'inferred')`,
    })
    const run = runner(project, database)
    expect((await run('latest', 'migration')).stdout).toBe('a_second\n')
    expect((await run('latest', 'schema')).stdout).toBe('public_v2\n')
    expect((await run('latest', 'schema', '--local', 'migrations')).stdout).toBe('public_3\n')
    const secret = database.url.replace('postgres@', 'postgres:geheim@')
    const url = await cliHere(['latest', 'url', '--local', 'migrations', '--database-url', secret], { cwd: project.root })
    expect(url.stdout).toContain('options=-c%20search_path%3Dpublic_3')
    expect(url.stdout + url.stderr).not.toContain('geheim')
    const unknown = await run('latest', 'nothing')
    expect([unknown.status, flat(unknown.stderr)]).toEqual([1, expect.stringContaining('latest knows schema, migration, url')])
  })

  test('latest of a database without any version says what to do', async () => {
    await using project = await tempProject(files)
    await using database = await freshDatabase(version)
    const outcome = await runner(project, database)('latest', 'schema')
    expect([outcome.status, flat(outcome.stderr)]).toEqual([1, expect.stringContaining('lockkeeper migrate FOLDER')])
  })

  test('pull writes what the folder lacks and nothing else', async () => {
    await using project = await tempProject({ 'migrations/1.json': 'mine' })
    const migration = { version_schema: 'yes', operations: [{ sql: { up: 'SELECT 1;\nSELECT 2', down: 'on' } }] }
    await using database = await freshDatabase(version, {
      setup: `${pgrollInit}; INSERT INTO pgroll.migrations (schema, name, parent, done, migration) VALUES
        ('public', '1', NULL, true, '{}'), ('public', '2 b', '1', true, '${JSON.stringify(migration).replaceAll('\\n', '\\\\n').replaceAll('\\\\n', '\\n')}')`,
    })
    const run = runner(project, database)
    const pulled = await run('pull', 'migrations')
    expect([pulled.status, pulled.stderr]).toEqual([0, expect.stringContaining('1 written, 1 there already.')])
    expect(await readFile(join(project.root, 'migrations/1.json'), 'utf8')).toBe('mine')
    expect((await run('pull', 'as-json', '--json')).status).toBe(0)
    expect(JSON.parse(await readFile(join(project.root, 'as-json/2 b.json'), 'utf8'))).toEqual(migration)
    // What was written is read as it was.
    await project.write({ 'read/2 b.yaml': await readFile(join(project.root, 'migrations/2 b.yaml')) })
    expect((await run('latest', 'schema', '--local', 'read')).stdout).toBe('public_yes\n')
  })

  test('pull refuses a name that leads out of the folder, and a database without a history', async () => {
    await using project = await tempProject(files)
    await using database = await freshDatabase(version)
    const run = runner(project, database)
    const none = await run('pull', 'migrations')
    expect([none.status, flat(none.stderr)]).toEqual([1, expect.stringContaining('has no history of pgroll')])
    const client = await database.client()
    await client.query(
      `${pgrollInit}; INSERT INTO pgroll.migrations (schema, name, done, migration) VALUES ('public', '../../evil', true, '{}')`,
    )
    const evil = await run('pull', 'migrations')
    expect([evil.status, flat(evil.stderr)]).toEqual([1, expect.stringContaining('Nothing was written')])
  })

  test('validate judges one file on what the files before it leave', async () => {
    await using project = await tempProject({
      ...files,
      'migrations/4.yaml': 'operations: [{rename_column: {table: t, from: nothing, to: c}}]',
    })
    await using database = await freshDatabase(version)
    const run = runner(project, database)
    const good = await run('validate', 'migrations/2.yaml')
    expect([good.status, flat(good.stdout)]).toEqual([0, expect.stringContaining('of 1 migration')])
    const missing = await run('validate', 'migrations/4.yaml')
    expect([missing.status, flat(missing.stderr)]).toEqual([1, expect.stringContaining('column "nothing" does not exist')])
    await project.write({ 'migrations/5.yaml': 'operations: [{rename_columm: {table: t, from: a, to: c}}]' })
    const wrong = await run('validate', 'migrations/5.yaml')
    expect([wrong.status, flat(wrong.stderr)]).toEqual([1, expect.stringContaining('rename_columm, which pgroll does not know')])
  })
})
