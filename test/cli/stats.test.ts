import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it, vi } from 'vitest'
import { errorSpecs } from '../../src/model/errors.ts'
import type { Plan } from '../../src/model/plan.ts'
import type { CheckReport } from '../../src/model/verdict.ts'
import { cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const files = {
  'migrations/1_init.sql': 'CREATE TABLE orders (id int PRIMARY KEY, amount int);\nCREATE TABLE empty (id int PRIMARY KEY, v int);\n',
  'migrations/2_index.sql': 'CREATE INDEX orders_amount ON orders (amount);\nCREATE INDEX empty_v ON empty (v);\n',
}
const setup = `
  CREATE TABLE orders (id int PRIMARY KEY, amount int); CREATE TABLE empty (id int PRIMARY KEY, v int);
  INSERT INTO orders SELECT g, g FROM generate_series(1, 50000) g; VACUUM (ANALYZE) orders`

async function reportOf(folder: string, ...args: readonly string[]): Promise<CheckReport> {
  const { stdout, stderr } = await cliHere(['check', ...args, '--fail-on', 'never', '--json'], { cwd: folder })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as CheckReport
}

const rulesOf = (report: CheckReport) =>
  report.migrations.flatMap((m) => m.statements.map((s) => s.hazards.map((h) => [h.rule, h.severity])))
const estimatesOf = (report: CheckReport) => report.migrations.flatMap((m) => m.statements.map((s) => s.estimate))

async function databaseWithSizes(version: number) {
  const database = await freshDatabase(version)
  const client = await database.client()
  for (const sql of setup.split(';')) await client.query(sql)
  // Before 15 the collector hears of it a moment later.
  const analysed = "SELECT FROM pg_stat_user_tables WHERE relname = 'orders' AND last_analyze IS NOT NULL"
  await vi.waitUntil(async () => (await client.query(analysed)).rowCount === 1, { timeout: 30_000 })
  return database
}

forEachVersion('sizes', (version) => {
  it('give each statement that works on a table how long that takes, with a database', async () => {
    await using database = await databaseWithSizes(version)
    await using here = await project(files)
    const report = await reportOf(here.folder, 'migrations/2_index.sql', '--database-url', database.url)
    const [orders, empty] = estimatesOf(report)
    expect(orders?.basis).toMatch(/^\d(\.\d)? MB, 50,000 rows \(statistics of just now\)$/)
    expect(orders?.highMs).toBeGreaterThan(orders?.lowMs ?? Infinity)
    expect(empty).toBeUndefined()
    expect(report.notes.join()).toContain('No estimate where public.empty is read: no statistics')
    const text = await cliHere(['check', 'migrations/2_index.sql', '--database-url', database.url], { cwd: here.folder })
    expect(flat(text.stdout)).toMatch(/works (up to )?about [\d.]+( ms)?( to [\d.]+ (ms|s))? (ms |s )?at \d(\.\d)? MB, 50,000 rows/)
  })

  it('give each step of a plan that works on a table how long that takes', async () => {
    await using database = await databaseWithSizes(version)
    await using here = await project({
      'migrations/1_change.sql': 'CREATE INDEX ON orders (amount);\nALTER TABLE orders ADD COLUMN note text;\n',
    })
    const { stdout } = await cliHere(['plan', 'migrations', '--json', '--out', 'plan.json', '--database-url', database.url], {
      cwd: here.folder,
    })
    const { migrations } = JSON.parse(stdout) as Plan
    const estimates = migrations[0]?.steps.map((step) => step.estimate?.basis)
    expect(estimates).toEqual([expect.stringMatching(/50,000 rows .*, and the wait for older transactions on top$/), undefined])
    const text = await cliHere(['plan', 'migrations', '--database-url', database.url], { cwd: here.folder })
    expect(flat(text.stdout)).toMatch(/works (up to )?about .* 50,000 rows/)
    const applied = await cliHere(['apply', '--plan', 'plan.json', '--yes', '--database-url', database.url, 'migrations'], {
      cwd: here.folder,
    })
    expect(applied.status).toBe(0)
  })

  it('travel in a file to where there is no database, and never make a verdict milder', async () => {
    await using database = await databaseWithSizes(version)
    await using here = await project(files)
    const written = await reportOf(here.folder, 'migrations/2_index.sql', '--database-url', database.url, '--write-stats', 'stats.json')
    expect(written.notes.join()).toContain('Wrote sizes and speed of the database to stats.json')
    expect((await readdir(here.folder)).toSorted()).toEqual(['migrations', 'stats.json'])
    const text = await readFile(join(here.folder, 'stats.json'), 'utf8')
    for (const secret of ['127.0.0.1', 'localhost', 'postgres:', database.name]) expect(text).not.toContain(secret)
    expect(JSON.parse(text)).toMatchObject({
      format: 1,
      server: { version },
      relations: { 'public.orders': { rows: 50_000, indexes: { orders_pkey: expect.any(Number) as number } } },
    })
    const without = await reportOf(here.folder, 'migrations/2_index.sql')
    const report = await reportOf(here.folder, 'migrations/2_index.sql', '--stats', 'stats.json')
    expect(estimatesOf(without)).toEqual([undefined, undefined])
    expect(estimatesOf(report)[0]?.basis).toMatch(/50,000 rows \(statistics of .* of the stats file\)/)
    expect(rulesOf(report)).toEqual(rulesOf(without))
    expect(report.notes.join()).toContain('Sizes and times are those of stats.json, taken today on PostgreSQL')
  })
})

const snapshot = {
  format: 1,
  server: { flavor: 'postgresql', version: 17 },
  takenAt: '2026-01-02T03:04:05Z',
  speed: { scans: [], sortedRowsPerSecond: 1e6 },
  relations: {
    'public.orders': {
      rows: 12_000_000,
      bytes: 1_288_490_189,
      pages: 130_000,
      analyzedAt: '2026-01-02T00:00:00Z',
      indexes: { orders_pkey: 200_000_000 },
    },
    'public.empty': { rows: 0, bytes: 8192, pages: 1, indexes: {} },
  },
}

it('says how old a file is, and that one of more than 30 days is to be made anew', async () => {
  await using here = await project({ ...files, 'stats.json': JSON.stringify(snapshot) })
  const report = await reportOf(here.folder, 'migrations/2_index.sql', '--stats', 'stats.json')
  expect(report.notes.join()).toMatch(/taken \d+ days ago on PostgreSQL 17\. Older than 30 days: write it anew with check --write-stats/)
  expect(estimatesOf(report)[0]?.basis).toBe('1.2 GB, 12,000,000 rows (statistics of 3 hours ago of the stats file)')
  // What is empty there may have rows here: its size is unknown, not zero.
  expect(estimatesOf(report)[1]).toBeUndefined()
})

it('knows the size of a table that no migration at hand creates', async () => {
  await using here = await project({ 'one.sql': 'CREATE INDEX i ON orders (amount);', 'stats.json': JSON.stringify(snapshot) })
  const report = await reportOf(here.folder, 'one.sql', '--stats', 'stats.json')
  expect(estimatesOf(report)[0]?.basis).toContain('1.2 GB, 12,000,000 rows')
})

it.each([
  ['not JSON', '{', 'is not JSON'],
  ['of another format', JSON.stringify({ ...snapshot, format: 2 }), '"format" is not as expected'],
  ['with a negative size', JSON.stringify({ ...snapshot, relations: { a: { bytes: -1, pages: 0, indexes: {} } } }), '"relations.a.bytes"'],
  ['without speed', JSON.stringify({ ...snapshot, speed: { scans: [], sortedRowsPerSecond: 0 } }), '"speed.sortedRowsPerSecond"'],
  ['with a date that is none', JSON.stringify({ ...snapshot, takenAt: 'yesterday' }), '"takenAt"'],
  ['that is a list', '[]', 'stats.json is no stats file'],
])('refuses a file %s, by its name and the key', async (_, text, message) => {
  await using here = await project({ ...files, 'stats.json': text })
  const { status, stderr } = await cliHere(['check', 'migrations', '--stats', 'stats.json'], { cwd: here.folder })
  expect(flat(stderr)).toContain(message)
  expect(stderr).toContain('stats.json')
  expect(stderr).toContain('(stats-unreadable)')
  expect(status).toBe(errorSpecs['stats-unreadable'].exit)
})

it('says what --stats and --write-stats need', async () => {
  await using here = await project(files)
  const run = async (...args: readonly string[]) => (await cliHere(['check', 'migrations', ...args], { cwd: here.folder })).stderr
  expect(await run('--write-stats', 'a.json')).toContain('(no-database-url)')
  expect(await run('--write-stats', 'a.json', '--stats', 'b.json')).toContain('(usage)')
  expect(await run('--stats', 'b.json')).toContain('(stats-unreadable)')
})

it('writes no file where the folder is not there, and leaves no draft', async () => {
  await using database = await databaseWithSizes(18)
  await using here = await project(files)
  await writeFile(join(here.folder, 'file'), '')
  const { stderr } = await cliHere(['check', 'migrations', '--database-url', database.url, '--write-stats', 'file/a.json'], {
    cwd: here.folder,
  })
  expect(stderr).toContain('file/a.json cannot be written')
  expect((await readdir(here.folder)).toSorted()).toEqual(['file', 'migrations'])
})
