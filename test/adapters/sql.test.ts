import { expect, test } from 'vitest'
import { diskFiles } from '../../src/adapters/_disk-files.ts'
import { sha256 } from '../../src/adapters/_files.ts'
import { sqlMigration } from '../../src/adapters/_sql-migration.ts'
import { sql } from '../../src/adapters/sql.ts'
import { tempProject } from '../support/orm/project.ts'

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8')

test('reads the .sql files of a folder in name order, and leaves out down files, other files and subfolders', async () => {
  await using project = await tempProject({
    'migrations/002_b.sql': 'SELECT 2',
    'migrations/001_a.up.sql': 'SELECT 1',
    'migrations/001_a.down.sql': 'SELECT -1',
    'migrations/README.md': '',
    'migrations/old/000_z.sql': '',
  })
  const location = await sql.detect(project.files)
  expect(location).toEqual({ source: 'sql', path: 'migrations' })
  const migrations = await sql.load(project.files, { source: 'sql', path: 'migrations' })
  expect(migrations.map(({ id, file, transaction }) => [id, file, transaction])).toEqual([
    ['001_a', 'migrations/001_a.up.sql', 'file'],
    ['002_b', 'migrations/002_b.sql', 'file'],
  ])
  expect(migrations[1]?.checksum).toBe(sha256('SELECT 2'))
})

test('reads one file, by a relative or an absolute path', async () => {
  await using project = await tempProject({ 'a b/é.sql': 'SELECT 1' })
  for (const path of ['a b/é.sql', `${project.root}/a b/é.sql`]) {
    expect(await sql.recognises(project.files, path)).toEqual({ source: 'sql', path })
    const [migration] = await sql.load(project.files, { source: 'sql', path })
    expect(migration).toMatchObject({ id: 'é', file: path })
  }
})

test.each(['drizzle-0.31/drizzle', 'drizzle-1.0/drizzle', 'prisma/prisma/migrations', 'typeorm/src/migrations'])(
  'leaves %s to its own adapter',
  async (path) => {
    expect(await sql.recognises(diskFiles('test/cases/adapters'), path)).toBeUndefined()
  },
)

test.each([
  ['dbmate', '-- migrate:up\nSELECT 1;\n\n-- migrate:down\nSELECT 2;\n', 'file'],
  ['dbmate without a transaction', '-- migrate:up transaction:false\nSELECT 1;\n-- migrate:down\n', 'none'],
  ['goose', '-- +goose NO TRANSACTION\n-- +goose Up\nSELECT 1;\n-- +goose Down\nSELECT 2;\n', 'none'],
  ['sql-migrate', '-- +migrate Up notransaction\nSELECT 1;\n-- +migrate Down\nSELECT 2;', 'none'],
  ['node-pg-migrate', '-- Up Migration\nSELECT 1;\n-- Down Migration\nSELECT 2;', 'file'],
  ['a bare mark', 'SELECT 1;\n--DOWN\nSELECT 2;', 'file'],
])('runs only the Up section of a file of %s, and keeps the checksum of the whole', (_tool, script, transaction) => {
  const migration = sqlMigration('1.sql', Buffer.from(script))
  expect(text(migration.body.bytes)).toContain('SELECT 1')
  expect(text(migration.body.bytes)).not.toContain('SELECT 2')
  expect(migration).toMatchObject({ transaction, checksum: sha256(script) })
})

test('takes no sentence in a comment for a Down mark', () => {
  const script = '-- Down here we add a column\nSELECT 1;\n-- slow down\nSELECT 2;'
  expect(text(sqlMigration('1.sql', Buffer.from(script)).body.bytes)).toBe(script)
})

test.each([
  [
    'a Down section before the Up section',
    { 'migrations/1.sql': '-- x\n-- +goose Down\nSELECT 2;\n-- +goose Up\n' },
    'source-unreadable',
    'migrations/1.sql:2 has its Down section before',
  ],
  [
    'numbers that sort otherwise than they count',
    { 'migrations/10_b.sql': '', 'migrations/9_a.sql': '' },
    'source-unreadable',
    'migrations/9_a.sql comes after migrations/10_b.sql',
  ],
  [
    'bytes that are no UTF-8',
    { 'migrations/1.sql': Buffer.from('a\n\nb\xff', 'latin1') },
    'source-unreadable',
    'migrations/1.sql:3 is not valid UTF-8',
  ],
  ['an empty folder', { 'migrations/README.md': '' }, 'source-missing', 'migrations holds no .sql files'],
  ['a missing folder', {}, 'source-missing', 'migrations does not exist'],
])('says what is wrong with %s', async (...[, contents, code, message]) => {
  await using project = await tempProject(contents)
  const loading = sql.load(project.files, { source: 'sql', path: 'migrations' })
  await expect(loading).rejects.toMatchObject({ code, message: expect.stringContaining(message) as string })
})
