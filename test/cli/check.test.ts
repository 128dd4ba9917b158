import { execFileSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { postgresEngine } from '../../src/engines.ts'
import type { CheckReport } from '../../src/model/verdict.ts'
import { cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const lock = { 'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n' }
const shop = {
  ...lock,
  'prisma/migrations/1_init/migration.sql':
    'CREATE TABLE "users" ("id" SERIAL PRIMARY KEY);\nCREATE TABLE "orders" ("id" SERIAL PRIMARY KEY, "userId" INT);\n',
  'prisma/migrations/2_fk/migration.sql':
    '-- AddForeignKey\nALTER TABLE "orders" ADD CONSTRAINT "fk" FOREIGN KEY ("userId") REFERENCES "users"("id");\n',
  'prisma/migrations/3_ref/migration.sql': 'ALTER TABLE "orders" ADD COLUMN "ref" UUID DEFAULT gen_random_uuid();\n',
}

async function check(folder: string, ...args: readonly string[]): Promise<CheckReport> {
  const { stdout, stderr } = await cliHere(['check', ...args, '--fail-on', 'never', '--json'], { cwd: folder })
  expect(stderr).toBe('')
  return JSON.parse(stdout) as CheckReport
}

/** All facts, by `migration.line`. */
function factsOf(report: CheckReport) {
  return Object.fromEntries(report.migrations.flatMap((m) => m.statements.map((s) => [`${m.id}.${s.line}`, s.facts])))
}

it('says of every statement of an untouched Prisma folder what a real server did, the referenced parent too', async () => {
  await using here = await project(shop)
  const report = await check(here.folder)
  expect(report).toMatchObject({
    format: 1,
    command: 'check',
    server: { flavor: 'postgresql', version: 18 },
    summary: { migrations: 3, statements: 4 },
    notes: [],
  })
  const facts = factsOf(report)
  const fk = facts['2_fk.2']
  expect(fk).toMatchObject({ evidence: 'observed', scans: ['public.orders', 'public.users'], transaction: 'allowed' })
  expect(fk?.locks).toEqual([
    { relation: 'public.orders', mode: 'SHARE ROW EXCLUSIVE', blocksReads: false, blocksWrites: true },
    { relation: 'public.users', mode: 'SHARE ROW EXCLUSIVE', blocksReads: false, blocksWrites: true },
  ])
  expect(facts['3_ref.1']).toMatchObject({ rewrites: ['public.orders'], locks: [{ relation: 'public.orders', mode: 'ACCESS EXCLUSIVE' }] })
})

it('judges one migration of a folder, after replaying those before it and not those behind it', async () => {
  await using here = await project({ ...shop, 'prisma/migrations/4_bad/migration.sql': 'SELECT broken FROM nowhere;' })
  for (const path of ['prisma/migrations/3_ref', './prisma/migrations/3_ref/migration.sql']) {
    const report = await check(here.folder, path)
    expect(report.migrations.map((m) => m.id)).toEqual(['3_ref'])
    expect(report.notes).toEqual([])
    expect(factsOf(report)['3_ref.1']).toMatchObject({ evidence: 'observed', rewrites: ['public.orders'] })
  }
})

it('judges only what is new since a commit, uncommitted files too', async () => {
  await using here = await project({ ...shop })
  const git = (...args: readonly string[]) => execFileSync('git', ['-C', here.folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args])
  git('init', '-q', '-b', 'main')
  git('add', '.')
  git('commit', '-qm', 'one')
  await here.write({ 'prisma/migrations/4_new/migration.sql': 'CREATE INDEX "i" ON "orders"("userId");\n' })
  const report = await check(here.folder, '--since', 'main')
  expect(report.migrations.map((m) => m.id)).toEqual(['4_new'])
  const unknown = await cliHere(['check', '--since', '--upload-pack=x'], { cwd: here.folder })
  expect(unknown.status).toBe(1)
  expect(unknown.stderr).toContain('(usage)')
})

it('answers for a table that it has never seen, and states its condition', async () => {
  await using here = await project({
    'one.sql': 'ALTER TABLE orders ADD COLUMN note text;\nALTER TABLE orders ALTER COLUMN note SET NOT NULL;',
  })
  const report = await check(here.folder, 'one.sql')
  expect(report.notes.join()).toContain('orders')
  expect(factsOf(report)['one.1']).toMatchObject({
    evidence: 'predicted',
    locks: [{ relation: 'public.orders', mode: 'ACCESS EXCLUSIVE' }],
  })
  expect(report.summary.errors + report.summary.warnings).toBeGreaterThanOrEqual(0)
  expect(report.migrations[0]?.statements.flatMap((s) => s.hazards.map((h) => h.rule))).not.toContain('statement-fails')
})

it('reads SQL from standard input', async () => {
  const { stdout } = await cliHere(['check', '-', '--json', '--fail-on', 'never'], {
    input: 'create table t (id int);\ncreate index on t (id);',
  })
  expect(JSON.parse(stdout)).toMatchObject({ summary: { statements: 2 } })
})

it('finds a statement that the server refuses, with status 2', async () => {
  await using here = await project({
    ...shop,
    'prisma/migrations/4_twice/migration.sql': 'SELECT 1;\n\nALTER TABLE "orders" ADD COLUMN "ref" TEXT;\n',
  })
  const { status, stdout } = await cliHere(['check'], { cwd: here.folder })
  expect(status).toBe(2)
  expect(stdout).toContain('4_twice/migration.sql:3')
  expect(flat(stdout)).toContain('statement-fails')
  expect(flat(stdout)).toContain('already exists')
  expect((await cliHere(['check', '--fail-on', 'never'], { cwd: here.folder })).status).toBe(0)
})

it('speaks of style where it is asked to, by flag or file, and not otherwise', async () => {
  const rulesIn = (report: CheckReport) => report.migrations.flatMap((m) => m.statements.flatMap((s) => s.hazards.map((h) => h.rule)))
  await using here = await project({ 'one.sql': 'CREATE TABLE n (id bigint PRIMARY KEY, j json);' })
  expect(rulesIn(await check(here.folder, 'one.sql'))).toEqual([])
  const asked = await check(here.folder, 'one.sql', '--style')
  expect(rulesIn(asked)).toContain('prefer-jsonb')
  expect(asked.summary).toMatchObject({ errors: 0, warnings: 0 })
  await here.write({ 'lockkeeper.config.json': '{"style": true}' })
  expect(rulesIn(await check(here.folder, 'one.sql'))).toContain('prefer-jsonb')
})

it('takes a suppression with its reason, and none without', async () => {
  const files = (comment: string) => ({
    ...lock,
    'prisma/migrations/1_a/migration.sql': `CREATE TABLE a (id int);\n\n${comment}\nCREATE TABLE a (id int);\n`,
  })
  await using good = await project(files('-- lockkeeper-ignore statement-fails: only a test'))
  expect((await check(good.folder)).summary).toMatchObject({ errors: 0, warnings: 0, suppressed: 1 })
  await using bad = await project(files('-- lockkeeper-ignore statement-fails'))
  expect((await check(bad.folder)).summary).toMatchObject({ errors: 1, warnings: 1, suppressed: 0 })
})

it('does not let the SQL of a pull request become superuser on the sandbox', async () => {
  await using here = await project({ 'one.sql': `COPY (SELECT 1) TO PROGRAM 'touch /tmp/lk-owned';` })
  const report = await check(here.folder, 'one.sql')
  expect(report.notes.join()).toMatch(/COPY|permission|superuser|pg_execute_server_program/i)
  expect(report.migrations[0]?.statements[0]?.facts.evidence).toBe('predicted')
})

it('judges for the server that --server names, and for the worst where none is named', async () => {
  await using here = await project({
    ...lock,
    'prisma/migrations/1_a/migration.sql': 'CREATE TABLE a (id int);',
    'prisma/migrations/2_b/migration.sql': 'ALTER TABLE a ADD COLUMN b int;',
  })
  const old = await check(here.folder, '--server', 'postgres@13')
  expect(old).toMatchObject({ server: { version: 13 }, versions: [13] })
  expect((await check(here.folder)).versions).toEqual([13, 14, 15, 16, 17, 18])
  const broken = await cliHere(['check'], { cwd: here.folder, env: { DATABASE_URL: 'postgres://x@127.0.0.1:1/dummy' } })
  expect(flat(broken.stdout)).toContain('Judged without the database that the environment names')
  expect(broken.status).toBe(0)
  const asked = await cliHere(['check', '--database-url', 'postgres://x@127.0.0.1:1/dummy'], { cwd: here.folder })
  expect(asked.stderr).toContain('(unreachable)')
})

it('without a sandbox predicts what the sandbox shows: the tables of the history are in use', async () => {
  await using here = await project({
    'migrations/1_init.sql': 'create table orders (id bigint primary key, total int);',
    'migrations/2_index.sql': 'create index on orders (total);',
  })
  const rules = async (...more: readonly string[]) => {
    const { stdout } = await cliHere(['check', 'migrations/2_index.sql', '--json', ...more], { cwd: here.folder })
    const { migrations } = JSON.parse(stdout) as CheckReport
    return migrations.flatMap((m) => m.statements.flatMap((one) => one.hazards.map(({ rule }) => rule)))
  }
  expect(await rules('--no-sandbox')).toEqual(['blocking-index-build'])
  expect(await rules()).toEqual(['blocking-index-build'])
})

it('explains every rule that it can name', async () => {
  const list = await cliHere(['explain'])
  const rules = [...(await postgresEngine()).hazards.map((rule) => rule.id), 'statement-fails', 'suppression-without-reason']
  for (const rule of rules) expect(list.stdout).toContain(rule)
  expect(list.stdout).toMatch(/^prefer-jsonb .*\(style\)$/m)
  expect((await cliHere(['explain', 'statement-fails'])).stdout).toContain('lockkeeper-ignore statement-fails')
  const worked = await cliHere(['explain', 'blocking-index-build'])
  expect(worked.stdout).toContain('PostgreSQL 13 to 18: SHARE on public.t')
  expect(worked.stdout).toContain('CREATE INDEX CONCURRENTLY t_a_idx ON public.t (a);')
  const unknown = await cliHere(['explain', 'statement-failure'])
  expect(unknown.status).toBe(1)
  expect(unknown.stderr).toContain('statement-fails')
})

forEachVersion('check with a database', (version) => {
  it('judges what that database lacks, for its version, and changes nothing there', async () => {
    await using database = await freshDatabase(version)
    await using here = await project(shop)
    await cliHere(['apply', '--to', '2_fk', '--database-url', database.url], { cwd: here.folder })
    const report = await check(here.folder, '--database-url', database.url)
    expect(report.migrations.map((m) => m.id)).toEqual(['3_ref'])
    expect(report).toMatchObject({ server: { version }, versions: [version] })
    const client = await database.client()
    const { rows } = await client.query(`select count(*)::int as n from pg_attribute where attname = 'ref'`)
    expect(rows).toEqual([{ n: 0 }])
  })
})
