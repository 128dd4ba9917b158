import { describe, expect, test } from 'vitest'
import { pgroll } from '../../src/adapters/pgroll.ts'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import type { Files } from '../../src/model/adapter.ts'
import type { Migration } from '../../src/model/migration.ts'
import { postgresDialect } from '../../src/postgres/quote.ts'
import { tempProject, type TempProject } from '../support/orm/project.ts'

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

async function load(files: Files): Promise<readonly Migration[]> {
  const location = await pgroll.detect(files)
  if (location === undefined) throw new Error('no folder of pgroll found')
  return pgroll.load(files, location, { signal: new AbortController().signal, dialect: postgresDialect })
}

function sqlOf(migration: Migration | undefined): readonly string[] {
  return migration?.body.kind === 'recorded' ? migration.body.statements.map(({ sql }) => sql) : []
}

const oneFile = (operations: string, name = 'migrations/1.yaml'): Promise<TempProject> => tempProject({ [name]: operations })

/** The SQL of a file with one operation, given as JSON text. */
async function sqlFor(operation: string): Promise<readonly string[]> {
  await using project = await oneFile(`{"operations": [${operation}]}`, 'migrations/1.json')
  return sqlOf((await load(project.files))[0])
}

test('finds the folder, takes its files by name, and knows where each operation stands', async () => {
  const files = diskFiles(root)
  expect(await pgroll.detect(files)).toEqual({ source: 'pgroll', path: 'migrations' })
  expect(await pgroll.recognises(files, 'migrations/02_new_columns.yaml')).toEqual({
    source: 'pgroll',
    path: 'migrations/02_new_columns.yaml',
  })
  const migrations = await load(files)
  expect(migrations.map(({ id }) => id)).toEqual(ids)
  expect(migrations.map(({ transaction }) => transaction)).toEqual([...ids.slice(1).map(() => 'none'), 'file'])
  for (const { body } of migrations) {
    const lines = Buffer.from(body.bytes).toString().split('\n')
    for (const { line = 0 } of body.kind === 'recorded' ? body.statements : []) expect(lines[line - 1]).toMatch(/[a-z_]+"?:|^\s*\{$/)
  }
})

test('other JSON and YAML is no folder of pgroll', async () => {
  await using project = await tempProject({ 'migrations/meta.json': '{"entries": []}', 'migrations/config.yaml': 'nooperations: 1' })
  expect(await pgroll.detect(project.files)).toBeUndefined()
})

test.each([
  ['as it is', 'email', 'SET c = email'],
  [
    'a query over nothing but the row as an expression',
    "(SELECT CASE WHEN a IS NULL THEN 'from' ELSE (b) END)",
    "SET c = CASE WHEN a IS NULL THEN 'from' ELSE (b) END",
  ],
  ['a query over another table as it is', '(SELECT max(x) FROM other)', 'SET c = (SELECT max(x) FROM other)'],
  ['two queries in one expression as they are', '(SELECT 1) + (SELECT 2)', 'SET c = (SELECT 1) + (SELECT 2)'],
  ['a bare query in parentheses', 'SELECT max(x) FROM other', 'SET c = (SELECT max(x) FROM other)'],
])('writes an `up` that is %s', async (_how, up, expected) => {
  const sql = await sqlFor(JSON.stringify({ add_column: { table: 't', column: { name: 'c', type: 'text', nullable: true }, up } }))
  expect(sql[1]).toContain(expected)
})

test.each([
  ['integer', 'CAST((a) AS integer)'],
  ['varchar(3)', '(a)'],
  ['text', '(a)'],
  ['character varying (10)', '(a)'],
  ['my_enum', 'CAST((a) AS my_enum)'],
])('a change to %s never cuts off what pgroll would refuse', async (type, using) => {
  expect(await sqlFor(JSON.stringify({ alter_column: { table: 't', column: 'c', type, up: 'a', down: 'c' } }))).toEqual([
    `ALTER TABLE t ALTER COLUMN c TYPE ${type} USING ${using}`,
  ])
})

test.each([
  ['COALESCE(c, 0)', ' WHERE c IS NULL'],
  ['(SELECT CASE WHEN "c" IS NULL THEN 0 ELSE c END)', ' WHERE c IS NULL'],
  ['CASE WHEN c IS NULL THEN 0 ELSE c + 1 END', ''],
  ['COALESCE(c, 0) + (1)', ''],
  ['COALESCE(d, 0)', ''],
])('NOT NULL with %s changes no more rows than it must, and no fewer', async (up, where) => {
  const [update = ''] = await sqlFor(JSON.stringify({ alter_column: { table: 't', column: 'c', nullable: false, up, down: 'c' } }))
  expect(update.startsWith('UPDATE t SET c = ')).toBe(true)
  expect(/ WHERE .*$/.exec(update)?.[0] ?? '').toBe(where)
})

test.each(['c', '"c"', '(c)', ''])('an `up` of %j leaves rows alone', async (up) => {
  const sql = await sqlFor(JSON.stringify({ alter_column: { table: 't', column: 'c', unique: { name: 'u' }, up, down: 'c' } }))
  expect(sql).toEqual(['ALTER TABLE t ADD CONSTRAINT u UNIQUE (c)'])
})

test('every name is quoted', async () => {
  const evil = 'a"; drop table x; --'
  const quoted = '"a""; drop table x; --"'
  expect(await sqlFor(JSON.stringify({ rename_column: { table: evil, from: evil, to: evil } }))).toEqual([
    `ALTER TABLE ${quoted} RENAME COLUMN ${quoted} TO ${quoted}`,
  ])
  expect(await sqlFor(JSON.stringify({ drop_index: { name: evil } }))).toEqual([`DROP INDEX ${quoted}`])
})

test('the name that older versions wrote into the file is tolerated, and the name of the file counts', async () => {
  await using project = await oneFile('name: something\noperations:\n  - drop_table: {name: t}\n', 'migrations/77_x.yml')
  expect((await load(project.files)).map(({ id }) => id)).toEqual(['77_x'])
})

describe.each([
  [
    'an unknown field',
    '- drop_column: {table: t, column: c, cascade: true}',
    ':2 cannot be run: drop_column.cascade is no field that pgroll knows.',
  ],
  [
    'several operations in one',
    '- {drop_table: {name: t}, drop_index: {name: i}}',
    ':2 has several operations in one: drop_table, drop_index.',
  ],
  ['an unknown operation', '- create_view: {name: t}', ':2 has the operation create_view, which pgroll does not know.'],
  ['an empty operation', '- {}', ':2 has no operation in place 1.'],
  [
    'a number where text must stand',
    '- alter_column: {table: t, column: c, default: 100}',
    ':2 cannot be run: alter_column.default must be',
  ],
  ['a missing field', '- rename_table: {from: t}', ':2 cannot be run: rename_table.to is missing.'],
  [
    'an old shape of create_index',
    '- create_index: {name: i, table: t, columns: [a]}',
    ':2 cannot be run: create_index.columns[0] must be',
  ],
  [
    'sql beside another operation',
    '- sql: {up: SELECT 1}\n- drop_table: {name: t}',
    ':2 cannot be run: sql must be alone in its file, or say onComplete.',
  ],
  ['sql without SQL', '- sql: {up: ""}', ':2 cannot be run: sql.up must not be empty.'],
  ['a change of nothing', '- alter_column: {table: t, column: c, up: c}', ':2 cannot be run: alter_column changes nothing.'],
  [
    'a column of a primary key',
    '- add_column: {table: t, column: {name: c, type: int, pk: true}}',
    ':2 cannot be run: add_column.column.pk is refused by pgroll',
  ],
  [
    'NOT NULL without a value for rows',
    '- add_column: {table: t, column: {name: c, type: int}}',
    ':2 cannot be run: add_column.up is missing',
  ],
  [
    'a query in a change of type',
    '- alter_column: {table: t, column: c, type: int, up: (SELECT x FROM y), down: c}',
    ':2 cannot be run: alter_column.up holds a query',
  ],
  [
    'a constraint without its columns',
    '- create_constraint: {table: t, name: u, type: unique, up: {}, down: {}}',
    ':2 cannot be run: create_constraint.columns is missing.',
  ],
  [
    'a new value for a column without a name',
    '- drop_constraint: {table: t, name: u, up: a + 1, down: a}',
    ':2 cannot be run: drop_constraint.up changes the column',
  ],
  ['broken YAML', '- sql: {up: "x', ':3 is not valid YAML.'],
])('%s', (_title, operations, message) => {
  test('is refused with file, line and operation', async () => {
    await using project = await oneFile(`operations:\n${operations}\n`)
    const loading = pgroll.load(
      project.files,
      { source: 'pgroll', path: 'migrations' },
      { signal: AbortSignal.timeout(10_000), dialect: postgresDialect },
    )
    await expect(loading).rejects.toMatchObject({
      code: 'source-unreadable',
      message: expect.stringContaining(`migrations/1.yaml${message}`) as string,
    })
  })
})

test('two files of one name are refused', async () => {
  const one = '{"operations": [{"drop_table": {"name": "t"}}]}'
  await using project = await tempProject({ 'migrations/1.json': one, 'migrations/1.yaml': one })
  await expect(load(project.files)).rejects.toMatchObject({ code: 'source-unreadable' })
})
