import { expect, test } from 'vitest'
import { knex } from '../../src/adapters/knex.ts'
import type { LockkeeperError } from '../../src/model/errors.ts'
import { startCli } from '../support/cli.ts'
import { codeProject, loadWith, longest, sqlOf } from '../support/orm/code-load.ts'
import { one } from '../support/orm/knex.ts'
import { tempProject } from '../support/orm/project.ts'

test.each([
  ["'My App'", 'set search_path to "My App"'],
  ["['My App', 'public']", 'set search_path to "My App", "public"'],
])('a search path of the knexfile is set before each migration: %s', { timeout: longest }, async (path, sql) => {
  await using project = await codeProject({
    'knexfile.js': `module.exports = { client: 'pg', searchPath: ${path} }`,
    'migrations/1_one.js': one("await knex.schema.createTable('a', (t) => { t.integer('a') })"),
    'migrations/2_two.js': one("await knex.schema.dropTable('a')"),
  })
  const { location, migrations } = await loadWith(knex, project.files)
  expect(location).toMatchObject({ historySchema: 'My App' })
  expect(migrations.map(sqlOf)).toEqual([
    [sql, 'create table "a" ("a" integer)'],
    [sql, 'drop table "a"'],
  ])
})

test.each([
  ['exports no up', 'exports.down = async () => {}', 'migrations/1_one.js cannot be run: exports no function up'],
  ['does not parse', 'exports.up = async (knex) => { await await (', 'migrations/1_one.js'],
  ['throws', one('\n  throw new TypeError("no such thing")'), 'migrations/1_one.js:2 cannot be run: TypeError: no such thing'],
  ['ends the process', one('process.exit(3)'), 'migrations/1_one.js ended the process that ran it (status 3)'],
  ['needs a package that is not there', "require('no-such-package')\n" + one(''), 'migrations/1_one.js'],
])('a migration that %s is refused', { timeout: longest }, async (_title, text, message) => {
  await using project = await codeProject({
    'migrations/0_zero.js': one('console.log("noise"); console.error("noise")'),
    'migrations/1_one.js': text,
  })
  const error = (await loadWith(knex, project.files).catch((thrown: unknown) => thrown)) as LockkeeperError
  expect(error.code).toBe('source-unreadable')
  expect(error.message.slice(0, message.length)).toBe(message)
})

test('other SQL in another run is told with its line', { timeout: longest }, async () => {
  await using project = await codeProject({ 'migrations/1_one.js': one('\n  await knex("a").insert({ a: Math.random() })') })
  await expect(loadWith(knex, project.files)).rejects.toMatchObject({
    code: 'source-nondeterministic',
    message: 'migrations/1_one.js:2 issued other SQL when it was run a second time.',
  })
})

test('an endless loop ends with the abort of whoever waits for it', { timeout: longest }, async () => {
  await using project = await codeProject({ 'migrations/1_one.js': one('require("fs").writeFileSync("started", ""); for (;;) {}') })
  const abort = new AbortController()
  const loading = loadWith(knex, project.files, { signal: abort.signal }).catch((error: unknown) => error)
  await expect.poll(() => project.files.exists('started'), { timeout: 60_000 }).toBe('file')
  abort.abort()
  expect(await loading).toMatchObject({ code: 'interrupted' })
})

test('an endless loop ends soon after whoever waits for it was killed', { timeout: longest }, async () => {
  const spin = 'require("fs").writeFileSync("started", String(process.pid)); for (;;) {}'
  await using project = await codeProject({ 'migrations/1_one.js': one(spin) })
  const running = startCli(['check', 'migrations', '--source', 'knex', '--no-sandbox'], { cwd: project.files.root })
  await expect.poll(() => project.files.exists('started'), { timeout: 60_000 }).toBe('file')
  const pid = Number(new TextDecoder().decode(await project.files.read('started')))
  running.kill('SIGKILL')
  await expect.poll(() => isRunning(pid), { timeout: 30_000 }).toBe(false)
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('without the package it says so', { timeout: longest }, async () => {
  await using project = await tempProject({ 'migrations/1_one.js': one('') })
  await expect(loadWith(knex, project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: expect.stringContaining("Cannot find module 'knex'") as string,
  })
})

test('a knexfile that shapes names is heeded, in the environment of a deploy', { timeout: longest }, async () => {
  await using project = await codeProject({
    'knexfile.js': `const wrapIdentifier = (name, wrap) => wrap(name.toLowerCase())
module.exports = { development: { client: 'pg' }, production: { client: 'pg', wrapIdentifier, migrations: { disableTransactions: true } } }`,
    'migrations/1_one.js': one("await knex.schema.createTable('MyTable', (t) => { t.integer('Id') })"),
    'migrations/2_two.js': `${one('')}exports.config = { transaction: true }`,
  })
  const { migrations } = await loadWith(knex, project.files)
  expect(sqlOf(migrations[0])).toEqual(['create table "mytable" ("id" integer)'])
  expect(migrations.map(({ transaction }) => transaction)).toEqual(['none', 'file'])
})

test('a promise that is not awaited is an error of its migration', { timeout: longest }, async () => {
  await using project = await codeProject({
    'migrations/1_one.js': `${one('\n  knex.raw("SELECT 1").then(() => undefined)')}exports.config = { transaction: false }`,
    'migrations/2_two.js': one(''),
  })
  await expect(loadWith(knex, project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: 'migrations/1_one.js cannot be run: issues SQL after its up has ended, so a promise is not awaited: SELECT 1.',
  })
})

test.each([
  ["{ migrations: { directory: ['./b', './a'] } }", ['a/2_x.js', 'b/3_x.js', 'a/4_x.js']],
  ["{ migrations: { directory: ['./b', './a'], sortDirsSeparately: true } }", ['b/3_x.js', 'a/2_x.js', 'a/4_x.js']],
  ["{ migrations: { directory: './a', loadExtensions: ['.mjs'] } }", ['a/1_x.mjs']],
])('orders files as Knex does: %s', { timeout: longest }, async (config, files) => {
  await using project = await codeProject({
    'knexfile.js': `module.exports = ${config}`,
    'a/1_x.mjs': 'export async function up(knex) {}',
    'a/2_x.js': one(''),
    'b/3_x.js': one(''),
    'a/4_x.js': one(''),
  })
  const { migrations } = await loadWith(knex, project.files)
  expect(migrations.map(({ file }) => file)).toEqual(files)
})

test('one name in two folders is refused, for the history cannot tell them apart', async () => {
  await using project = await tempProject({
    'knexfile.js': "module.exports = { migrations: { directory: ['a', 'b'] } }",
    'a/1_x.js': one(''),
    'b/1_x.js': one(''),
  })
  await expect(loadWith(knex, project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: "b/1_x.js has the name of a/1_x.js, and Knex's history tells them apart by nothing else.",
  })
})

test.each([
  ['tableName', 'tableName: process.env.TABLE', 'knexfile.js:1 computes tableName, and Lockkeeper does not run it.'],
  ['the directory', 'directory: folder()', 'knexfile.js:1 computes the directory of its migrations.'],
])('a knexfile that computes %s is refused', async (_title, text, message) => {
  await using project = await tempProject({ 'knexfile.js': `module.exports = { migrations: { ${text} } }`, 'migrations/1_one.js': one('') })
  await expect(knex.detect(project.files)).rejects.toMatchObject({ code: 'source-unreadable', message })
})

test('a hook around the migrations is refused, for its SQL would be lost', async () => {
  await using project = await tempProject({
    'knexfile.js': "module.exports = { migrations: {\n  beforeEach: (trx) => trx.raw('SET ROLE owner'),\n} }",
    'migrations/1_one.js': one(''),
  })
  await expect(loadWith(knex, project.files)).rejects.toMatchObject({
    code: 'source-unreadable',
    message: 'knexfile.js:2 has beforeEach, whose SQL would be none of any migration.',
  })
})

test("a folder of another tool's modules is not taken for one of Knex", async () => {
  await using project = await tempProject({ 'migrations/1_one.js': 'exports.up = async (db) => {}' })
  expect(await knex.detect(project.files)).toBeUndefined()
})
