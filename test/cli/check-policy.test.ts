import { readdir, readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import type { CheckReport } from '../../src/model/verdict.ts'
import { cliHere, project, type Project } from '../support/cli.ts'

const table = 'CREATE TABLE a (id int, b int);\n'
const index = 'CREATE INDEX i ON a (b);'
const sql = (second: string, config = {}) => ({
  'lockkeeper.config.json': JSON.stringify({ migrations: 'db', ...config }),
  'db/1_a.sql': table,
  'db/2_b.sql': second,
})

async function check(here: Project, ...args: readonly string[]): Promise<CheckReport> {
  const { stdout, stderr } = await cliHere(['check', ...args, '--fail-on', 'never', '--json'], { cwd: here.folder })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as CheckReport
}

/** Only these: what else is said of the statements is not what is tested here. */
const ofConcern = ({ rule }: { readonly rule: string }) => /^(suppression|baseline|blocking-index)-/.test(rule)
const statements = (report: CheckReport) => report.migrations.flatMap((m) => m.statements)
const hazards = (report: CheckReport) => statements(report).flatMap((s) => s.hazards.filter(ofConcern))
const rules = (report: CheckReport) => hazards(report).map(({ rule }) => rule)
const suppressed = (report: CheckReport) => statements(report).flatMap((s) => s.suppressed.filter(ofConcern))

it('finds fault with comments that ignore nothing, and does what a peer’s comment says', async () => {
  const file = [
    '-- lockkeeper-ignore blocking-index-bild: slip of the pen\n-- squawk-ignore require-concurrent-index-creation',
    index,
    '-- lockkeeper-ignore drop-table, blocking-index-drop: both (until 2020-01-01)',
    'DROP INDEX i;',
    '-- lockkeeper-ignore-file truncate: there is none',
  ].join('\n')
  await using here = await project(sql(file))
  const report = await check(here, 'db')
  expect(rules(report)).toEqual([
    'suppression-unknown-rule',
    'blocking-index-drop',
    'suppression-expired',
    'suppression-expired',
    'suppression-unused',
  ])
  expect(suppressed(report)).toMatchObject([
    { rule: 'blocking-index-build', by: 'comment', reason: expect.stringContaining('squawk') as string },
  ])
  const text = await cliHere(['check', 'db'], { cwd: here.folder })
  expect(text.status).toBe(2)
  expect(text.stdout).toContain('Did you mean blocking-index-build?')
})

it('accepts what is there with a baseline, wherever the lines move, and says when an entry is of no use any more', async () => {
  await using here = await project(sql(index))
  expect(rules(await check(here))).toEqual(['blocking-index-build'])
  const written = await cliHere(['check', '--write-baseline'], { cwd: here.folder })
  expect(written).toMatchObject({
    status: 0,
    stderr: '',
    stdout: expect.stringMatching(/findings? accepted in\s+lockkeeper.baseline.json/) as string,
  })
  expect(await readdir(here.folder)).toEqual(['db', 'lockkeeper.baseline.json', 'lockkeeper.config.json'])
  const baseline = await readFile(join(here.folder, 'lockkeeper.baseline.json'), 'utf8')
  const entries = JSON.parse(baseline) as { readonly findings: readonly { readonly rule: string; readonly migration: string }[] }
  expect(entries.findings.filter(ofConcern)).toMatchObject([{ rule: 'blocking-index-build', migration: '2_b' }])

  await here.write({ 'db/2_b.sql': `-- moved\n\n  ${index.replace('ON a', 'ON   A')}\nDROP INDEX i;` })
  const moved = await check(here)
  expect(rules(moved)).toEqual(['blocking-index-drop'])
  expect(suppressed(moved)).toMatchObject([{ rule: 'blocking-index-build', by: 'baseline' }])
  expect(moved.summary.suppressed).toBeGreaterThan(0)

  await here.write({ 'db/2_b.sql': 'SELECT 1;' })
  expect(rules(await check(here))).toEqual(['baseline-unused'])
  await cliHere(['check', 'db/1_a.sql', '--write-baseline'], { cwd: here.folder })
  expect(await readFile(join(here.folder, 'lockkeeper.baseline.json'), 'utf8')).toBe(baseline)
  await cliHere(['check', '--write-baseline'], { cwd: here.folder })
  expect(rules(await check(here))).toEqual([])
})

it.each([
  ['not json', 'lockkeeper.baseline.json is no baseline: it is not JSON'],
  ['{"format": 1, "findings": [{"rule": 7}]}', '"findings.0.rule" is not as expected'],
  ['[]', 'lockkeeper.baseline.json is no baseline'],
])('refuses a baseline that is %s', async (text, message) => {
  await using here = await project({ ...sql(index), 'lockkeeper.baseline.json': text })
  const { status, stderr } = await cliHere(['check'], { cwd: here.folder })
  expect(status).toBe(1)
  expect(stderr).toContain(message)
  expect(stderr).toContain('(config-invalid)')
})

it('reads a baseline from where --baseline says, and misses it', async () => {
  await using here = await project(sql(index))
  await cliHere(['check', '--write-baseline', '--baseline', 'accepted.json'], { cwd: here.folder })
  expect(rules(await check(here, '--baseline', 'accepted.json'))).toEqual([])
  expect(rules(await check(here))).toEqual(['blocking-index-build'])
  expect(await cliHere(['check', '--baseline', 'gone.json'], { cwd: here.folder })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('gone.json') as string,
  })
})

it('takes severities, paths and the first migration to judge from the configuration, which knows its own folder', async () => {
  const files = sql(`-- lockkeeper-ignore blocking-index-build: of no use while the rule is off\n${index}`, {
    rules: { 'blocking-index-build': 'off', 'blocking-index-drop': { severity: 'info', paths: ['db/3_*'] } },
    ignore: ['db/5_*.sql'],
  })
  const drop = 'DROP INDEX i;\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (b);'
  await using here = await project({
    ...files,
    'db/3_c.sql': 'DROP INDEX i;',
    'db/4_d.sql': `CREATE INDEX i ON a (b);`,
    'db/5_e.sql': drop,
    'sub/x': '',
  })
  const cwd = join(here.folder, 'sub')
  const { stdout } = await cliHere(['check', '--fail-on', 'never', '--json'], { cwd })
  const report = JSON.parse(stdout) as CheckReport
  expect(report.migrations.map(({ id }) => id)).toEqual(['1_a', '2_b', '3_c', '4_d'])
  expect(hazards(report).map((h) => [h.rule, h.severity])).toEqual([['blocking-index-drop', 'info']])
  await here.write({ 'lockkeeper.config.json': JSON.stringify({ migrations: 'db', startAfter: '3_c' }) })
  const later = await check(here)
  expect(later.migrations.map(({ id }) => id)).toEqual(['4_d', '5_e'])
  expect(later.notes.join()).toContain('3 migrations up to 3_c')
  expect(rules(later)).toContain('blocking-index-build')
})

it.each([
  [{ rules: { 'drop-tabel': 'off' } }, 'names drop-tabel', 'Did you mean drop-table?'],
  [{ rules: { 'drop-table': 'warn' } }, '"rules.drop-table" must be off, info, warning, error', ''],
  [{ rules: { 'drop-table': { severity: 'off', path: ['x'] } } }, '"rules.drop-table" must be', ''],
  [{ ignore: 'db' }, '"ignore" must be', ''],
])('refuses %j in the configuration', async (config, message, hint) => {
  await using here = await project(sql(index, config))
  const { status, stderr } = await cliHere(['check'], { cwd: here.folder, env: { COLUMNS: '200' } })
  expect(status).toBe(1)
  expect(stderr).toContain(message)
  expect(stderr).toContain(hint)
})

it('reads the comments of a migration that is code', async () => {
  const code = (name: string, up: string) => `import type { MigrationInterface, QueryRunner } from "typeorm";
export class ${name} implements MigrationInterface {
  async up(q: QueryRunner): Promise<void> {
${up}
  }
  async down(): Promise<void> {}
}
`
  await using here = await project({
    'src/migrations/1600000000000-One.ts': code('One1600000000000', '    await q.query("CREATE TABLE a (id int, b int)");'),
    'src/migrations/1700000000000-Two.ts': code(
      'Two1700000000000',
      `    // lockkeeper-ignore blocking-index-build: small
    await q.query("CREATE INDEX i ON a (b)");
    await q.query(\`
      -- lockkeeper-ignore blocking-index-drop: just made
      DROP INDEX i\`);
    await q.query("CREATE INDEX j ON a (b)");
    // lockkeeper-ignore drop-table: there is none`,
    ),
  })
  await symlink(resolve('node_modules'), join(here.folder, 'node_modules'))
  const report = await check(here)
  expect(suppressed(report).map(({ rule, reason }) => [rule, reason])).toEqual([
    ['blocking-index-build', 'small'],
    ['blocking-index-drop', 'just made'],
  ])
  expect(rules(report)).toEqual(['blocking-index-build', 'suppression-unused'])
}, 120_000)
