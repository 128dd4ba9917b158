import { describe, expect, test } from 'vitest'
import { mikroOrm } from '../../src/adapters/mikro-orm.ts'
import { typeorm } from '../../src/adapters/typeorm.ts'
import type { Files } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { cliHere } from '../support/cli.ts'
import { agrees, loadCase, longest } from '../support/orm/agreement.ts'
import { mikroOrmPending, mikroOrmUp } from '../support/orm/mikro-orm.ts'
import { linkedProject, openOver, tempProject } from '../support/orm/project.ts'
import { sandboxes, sqlOf } from '../support/orm/typeorm-load.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'

const root = 'test/cases/adapters/mikro-orm'
const run = { folder: `${root}/src/migrations`, table: 'my_migrations', allOrNothing: false }
const version = testVersions[0] ?? 18

agrees({
  title: 'MikroORM',
  root,
  adapter: mikroOrm,
  table: 'my_migrations',
  columns: 'id, name',
  migrate: (url, count) => mikroOrmUp(url, run, count),
  pending: (url) => mikroOrmPending(url, run),
})

function load(files: Files, sandboxUrl?: () => Promise<string>): Promise<readonly Migration[]> {
  const options = { signal: new AbortController().signal, dialect: postgresDialect, ...(sandboxUrl === undefined ? {} : { sandboxUrl }) }
  return mikroOrm.load(files, { source: 'mikro-orm', path: 'src/migrations' }, options)
}

const migration = (name: string, up: string): string => `import { Migration } from '@mikro-orm/migrations'
export class ${name} extends Migration {
  async up(): Promise<void> {
    ${up}
  }
}
`

test('reads names, order, transactions and SQL, with the line of each statement; a snapshot is none', { timeout: longest }, async () => {
  const { location, migrations } = await loadCase({ adapter: mikroOrm, root })
  expect(location).toEqual({ source: 'mikro-orm', path: 'src/migrations', historyTable: 'my_migrations' })
  expect(migrations.map(({ id, transaction }) => [id, transaction])).toEqual([
    ['Migration20261124090000_init', 'file'],
    ['Migration20261124091000', 'file'],
    ['Migration20261124092000_index', 'none'],
  ])
  for (const { body } of migrations) {
    const lines = Buffer.from(body.bytes).toString().split('\n')
    for (const { line } of body.kind === 'recorded' ? body.statements : []) expect(lines[(line ?? 0) - 1]).toContain('this.addSql(')
  }
})

test('no other source takes its folder', async () => {
  await using project = await tempProject({ 'src/migrations/Migration20261124090000.ts': migration('Migration20261124090000', '') })
  expect(await typeorm.detect(project.files)).toBeUndefined()
  expect(await mikroOrm.detect(project.files)).toMatchObject({ source: 'mikro-orm', path: 'src/migrations' })
})

test('a migration that asks the catalog is decided on a sandbox', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'src/migrations/Migration1.ts': migration(
      'Migration1',
      `const found = await this.execute("select 1 from information_schema.tables where table_name = 'a'")
    if (found.length === 0) this.addSql('create table a (n int)')`,
    ),
  })
  await expect(load(project.files)).rejects.toMatchObject({ code: 'source-needs-sandbox' })
  expect((await load(project.files, sandboxes(version))).flatMap(sqlOf)).toEqual(['create table a (n int)'])
})

test('a migration that reads rows is run as code, and leaves what MikroORM leaves', { timeout: longest }, async () => {
  await using project = await linkedProject({
    'src/migrations/Migration1.ts': migration('Migration1', "this.addSql('create table a (id serial primary key, slug text)')"),
    'src/migrations/Migration2.ts': migration(
      'Migration2',
      `for (const { id } of await this.execute('select id from a order by id')) this.addSql(\`update a set slug = 'row \${id}' where id = \${id}\`)`,
    ),
  })
  const folder = `${project.root}/src/migrations`
  const ours = (url: string): Promise<unknown> => cliHere(['apply', '--yes', '--database-url', url], { cwd: project.root })
  const rowsAfter = async (finish: (url: string) => Promise<unknown>): Promise<unknown> => {
    await using database = await freshDatabase(version)
    const client = await database.client()
    await mikroOrmUp(database.url, { folder }, 1)
    await client.query('INSERT INTO a (slug) VALUES (NULL), (NULL)')
    await finish(database.url)
    expect(await mikroOrmPending(database.url, { folder })).toEqual([])
    return (await client.query('SELECT id, slug FROM a ORDER BY id')).rows
  }
  const rows = [await rowsAfter((url) => mikroOrmUp(url, { folder })), await rowsAfter(ours)]
  expect(rows[1]).toEqual(rows[0])
  expect(rows[1]).toMatchObject([{ slug: 'row 1' }, { slug: 'row 2' }])
})

test('rows of old versions, with an ending, count, and an abort takes them too', { timeout: longest }, async () => {
  await using project = await linkedProject({ 'src/migrations/Migration1.ts': migration('Migration1', '') })
  await using database = await freshDatabase(version)
  const client = await database.client()
  await client.query(`CREATE TABLE mikro_orm_migrations (id serial PRIMARY KEY, name varchar(255), executed_at timestamptz);
    INSERT INTO mikro_orm_migrations (name) VALUES ('Migration0.js'), ('Migration1.ts')`)
  const migrations = await load(project.files)
  const open = await openOver(client, mikroOrm.history({ source: 'mikro-orm', path: 'src/migrations' }, 'public'), migrations)
  expect(migrations.map((each) => open.stateOf(each))).toEqual(['applied'])
  expect(open.unknown).toEqual(['Migration0'])
  for (const each of migrations) for (const sql of open.rollBack(each)) await client.query(sql)
  expect((await client.query('SELECT name FROM mikro_orm_migrations')).rows).toEqual([{ name: 'Migration0.js' }])
})

test.each([
  ['exports no class', "export const x = '@mikro-orm/migrations' // extends Migration", 'cannot be run: exports no class of a migration'],
  ['throws', migration('Migration1', "throw new Error('no')"), 'cannot be run: Error: no'],
])('a file that %s is named', { timeout: longest }, async (_what, text, message) => {
  await using project = await linkedProject({ 'src/migrations/Migration1.ts': text })
  await expect(load(project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: expect.stringContaining(message) as string,
  })
})

describe('configuration', () => {
  const one = { 'src/db/steps/Migration1.ts': migration('Migration1', '') }
  const config = (migrations: string): string =>
    `export default defineConfig({\n  schema: 'shop',\n  migrations: { path: 'dist/db/steps', ${migrations} },\n})`

  test('is read as text: the folder of the sources, the table, its schema', async () => {
    await using project = await tempProject({ ...one, 'src/mikro-orm.config.ts': config("tableName: 'audit.done'") })
    expect(await mikroOrm.detect(project.files)).toEqual({
      source: 'mikro-orm',
      path: 'src/db/steps',
      historyTable: 'done',
      historySchema: 'audit',
    })
  })

  test('is found where package.json says', async () => {
    await using project = await tempProject({
      ...one,
      'package.json': '{"mikro-orm": {"configPaths": ["./src/orm.ts"]}}',
      'src/orm.ts': config(''),
    })
    expect(await mikroOrm.detect(project.files)).toMatchObject({
      path: 'src/db/steps',
      historyTable: 'mikro_orm_migrations',
      historySchema: 'shop',
    })
  })

  test('a table that only running it could tell is refused', async () => {
    await using project = await tempProject({ ...one, 'mikro-orm.config.js': config('tableName: process.env.TABLE') })
    await expect(mikroOrm.detect(project.files)).rejects.toMatchObject({
      code: 'source-unreadable',
      message: 'mikro-orm.config.js:3 computes migrations.tableName, and Lockkeeper does not run it.',
    })
  })

  test.each([
    ['allOrNothing: false', 'file'],
    ['transactional: false', 'none'],
    ["glob: '*'", 'batch'],
  ])('with %s a migration has the transaction that it says', { timeout: longest }, async (migrations, transaction) => {
    await using project = await linkedProject({
      'src/migrations/Migration1.ts': migration('Migration1', ''),
      'mikro-orm.config.ts': `export default { migrations: { ${migrations} } }`,
    })
    expect((await load(project.files)).map((each) => each.transaction)).toEqual([transaction])
  })
})
