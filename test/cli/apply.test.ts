import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { Outcome } from '../support/cli.ts'
import { cliHere, flat, project } from '../support/cli.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'

const setup = 'create table orders (id serial primary key, note text); insert into orders (note) select null from generate_series(1, 100);'
const files = {
  'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
  'prisma/migrations/1_index/migration.sql': 'CREATE INDEX "orders_note_idx" ON "orders"("note");\n',
  'prisma/migrations/2_status/migration.sql': 'ALTER TABLE "orders" ADD COLUMN "status" TEXT;\n',
}

interface Document {
  readonly migrations: readonly {
    readonly id: string
    readonly state: string
    readonly steps: readonly {
      readonly id: string
      readonly kind: string
      readonly state: string
      readonly sql: readonly string[]
      readonly ms: number
    }[]
  }[]
  readonly summary: { readonly longestLockHeldMs: number }
}

const documentOf = (outcome: Outcome) => JSON.parse(outcome.stdout) as Document

forEachVersion('plan and apply', (version) => {
  it('plan names the database first, prints every step, changes nothing, and exits with 2 where asked', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const plan = await cliHere(['plan', '--exit-code', '--database-url', database.url], { cwd: here.folder })
    expect(plan.status).toBe(2)
    expect(plan.stderr).toMatch(new RegExp(`^Database ${database.name} on .* as postgres, PostgreSQL ${version}`))
    expect(plan.stdout).toContain('CREATE INDEX CONCURRENTLY')
    expect(flat(plan.stdout)).toContain('no transaction')
    expect(flat(plan.stdout)).toContain('ACCESS EXCLUSIVE on public.orders; nobody waits behind it longer than 100 ms')
    const sql = await cliHere(['plan', '--format', 'sql', '--database-url', database.url], { cwd: here.folder })
    expect(sql.stdout).toContain('CREATE INDEX CONCURRENTLY')
    const dry = await cliHere(['apply', '--dry-run', '--json', '--database-url', database.url], { cwd: here.folder })
    expect(JSON.parse(dry.stdout)).toMatchObject({ command: 'plan', migrations: [{ id: '1_index' }, { id: '2_status' }] })
    const client = await database.client()
    expect(
      (
        await client.query(
          `select to_regnamespace('lockkeeper') as ours, to_regclass('_prisma_migrations') as theirs, to_regclass('orders_note_idx') as made`,
        )
      ).rows,
    ).toEqual([{ ours: null, theirs: null, made: null }])
  })

  it('apply runs a saved plan, reports each step, and then finds nothing pending', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    expect((await run('plan', '--out', 'plan.json', '--to', '1_index')).status).toBe(0)
    const applied = documentOf(await run('apply', '--plan', 'plan.json', '--json'))
    expect(applied.migrations).toMatchObject([{ id: '1_index', state: 'complete', steps: [{ kind: 'sql', state: 'done' }] }])
    const rest = documentOf(await run('apply', '--json'))
    expect(rest.migrations).toMatchObject([{ id: '2_status', state: 'complete' }])
    expect(rest.summary.longestLockHeldMs).toBeGreaterThan(0)
    expect((await run('apply')).stdout).toBe('Nothing is pending.\n')
    expect((await run('plan', '--exit-code')).status).toBe(0)
    const client = await database.client()
    const { rows } = await client.query('select migration_name, finished_at is not null as finished from _prisma_migrations order by 1')
    expect(rows).toEqual([
      { migration_name: '1_index', finished: true },
      { migration_name: '2_status', finished: true },
    ])
  })

  it('a saved plan is refused once a file or a table is another one, and nothing is changed', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project(files)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    await run('plan', '--out', 'plan.json')
    const client = await database.client()
    await client.query('alter table orders add column between_times int')
    const table = await run('apply', '--plan', 'plan.json')
    expect(flat(table.stderr)).toContain('a table that it touches has changed')
    expect(table.stderr).toContain('(plan-stale)')
    expect(table.status).toBe(3)
    await client.query('alter table orders drop column between_times')
    await here.write({ 'prisma/migrations/1_index/migration.sql': 'SELECT 1;\n' })
    expect(flat((await run('apply', '--plan', 'plan.json')).stderr)).toContain('1_index/migration.sql has changed')
    await here.write({ 'broken.json': '{"format": 1, "command": "plan"}', 'no.json': 'secret' })
    expect((await run('apply', '--plan', 'broken.json')).stderr).toContain('(plan-unreadable)')
    expect((await run('apply', '--plan', 'no.json')).stderr).toContain('(plan-unreadable)')
    expect((await run('apply', '--plan', 'missing.json')).stderr).toContain('There is no plan file missing.json')
    expect((await client.query(`select to_regclass('orders_note_idx') as made, to_regnamespace('lockkeeper') as ours`)).rows).toEqual([
      { made: null, ours: null },
    ])
  })

  it('what breaks the running application stops with status 3 and nothing changed, until it is allowed by name', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({
      ...files,
      'prisma/migrations/3_drop/migration.sql': 'ALTER TABLE "orders" DROP COLUMN "note" CASCADE;\n',
    })
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    const plan = await run('plan')
    expect(flat(plan.stdout)).toContain('stops here: drop-column (breaks the running application)')
    const stopped = await run('apply')
    expect(stopped.status).toBe(3)
    expect(stopped.stderr).toContain('(blocked-by-rule)')
    expect(flat(stopped.stderr)).toContain('--allow drop-column:3_drop')
    const client = await database.client()
    const columns = async () =>
      (
        await client.query(
          `select attname from pg_attribute where attrelid = 'orders'::regclass and attnum > 0 and not attisdropped order by attnum`,
        )
      ).rows.map((row: { attname: string }) => row.attname)
    expect(await columns()).toEqual(['id', 'note'])
    expect((await run('apply', '--allow', 'drop-column:3_drop')).status).toBe(0)
    expect(await columns()).toEqual(['id', 'status'])
  })

  it('data that would make a later step fail is found before anything runs', async () => {
    await using database = await freshDatabase(version, { setup: `${setup} update orders set note = 'same';` })
    await using here = await project({
      ...files,
      'prisma/migrations/0_unique/migration.sql': 'CREATE UNIQUE INDEX "orders_note_key" ON "orders"("note");\n',
    })
    const stopped = await cliHere(['apply', '--database-url', database.url], { cwd: here.folder })
    expect(stopped.stderr).toContain('(data-check-failed)')
    expect(flat(stopped.stderr)).toContain('note')
    expect(stopped.status).toBe(3)
    const status = await cliHere(['status', '--json', '--database-url', database.url], { cwd: here.folder })
    expect(documentOf(status).migrations.map((m) => m.state)).toEqual(['pending', 'pending', 'pending'])
  })

  it('one folder goes into many schemas, each with a record of its own', async () => {
    await using database = await freshDatabase(version, { setup: 'create schema "Tenant 1"; create schema tenant_2;' })
    await using here = await project({ 'm/1_a.sql': 'create table a (id int);', 'm/2_b.sql': 'create index on a (id);' })
    const run = async (...args: readonly string[]) =>
      await cliHere([args[0] ?? '', 'm', ...args.slice(1), '--database-url', database.url], { cwd: here.folder })
    expect((await run('apply', '--schema', 'Tenant 1')).status).toBe(0)
    expect((await run('apply', '--schema', 'Tenant 1')).stdout).toContain('Nothing is pending')
    expect((await run('apply', '--schema', 'tenant_2', '--to', '1_a')).status).toBe(0)
    const states = async (schema: string) => documentOf(await run('status', '--json', '--schema', schema)).migrations.map((m) => m.state)
    expect(await states('Tenant 1')).toEqual(['complete', 'complete'])
    expect(await states('tenant_2')).toEqual(['complete', 'pending'])
    expect(await states('public')).toEqual(['pending', 'pending'])
  })

  it("a history in public is not overlooked where the role's search path begins elsewhere", async () => {
    await using database = await freshDatabase(version, { setup: `${setup} create schema app;` })
    await using here = await project(files)
    const run = async (...args: readonly string[]) => await cliHere([...args, '--database-url', database.url], { cwd: here.folder })
    expect((await run('apply', '--schema', 'public')).status).toBe(0)
    await (await database.client()).query(`alter database ${database.name} set search_path to app, public`)
    for (const command of ['apply', 'plan', 'status', 'baseline']) {
      const refused = await run(command, ...(command === 'baseline' ? ['--to', '2_status'] : []))
      expect(refused.status, command).toBe(1)
      expect(flat(refused.stderr)).toContain(
        'The history of these migrations is in public._prisma_migrations, and unqualified names mean the schema app here.',
      )
    }
    expect((await run('apply', '--schema', 'public')).stdout).toContain('Nothing is pending')
  })

  it('--role makes objects belong to that role', async () => {
    const role = `lk_team_${version}`
    await using database = await freshDatabase(version, {
      setup: `do $$ begin create role ${role}; exception when duplicate_object then null; end $$;`,
    })
    const client = await database.client()
    await client.query(`grant create on database ${database.name} to ${role}; grant create on schema public to ${role}`)
    await using here = await project({ 'm/1_a.sql': 'create table a (id int);' })
    const applied = await cliHere(['apply', 'm', '--role', role, '--database-url', database.url], { cwd: here.folder })
    expect(applied.stderr).toContain(`in the role ${role}`)
    expect((await client.query(`select tableowner from pg_tables where tablename = 'a'`)).rows).toEqual([{ tableowner: role }])
    await client.query(`drop owned by ${role} cascade`)
  })

  it('abort takes an unfinished migration back without its files', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({
      ...files,
      'prisma/migrations/1_index/migration.sql': 'CREATE INDEX "orders_note_idx" ON "orders"("note");\nSELECT 1/0;\n',
    })
    const failed = await cliHere(['apply', '--database-url', database.url], { cwd: here.folder })
    expect(failed.status).toBe(5)
    const empty = await mkdtemp(join(tmpdir(), 'lk-empty-'))
    const aborted = await cliHere(['abort', '--json', '--database-url', database.url], { cwd: empty })
    expect(JSON.parse(aborted.stdout)).toMatchObject({ command: 'abort', migration: '1_index' })
    const client = await database.client()
    expect((await client.query(`select to_regclass('orders_note_idx') as made`)).rows).toEqual([{ made: null }])
    expect((await client.query('select rolled_back_at is not null as back from _prisma_migrations')).rows).toEqual([{ back: true }])
    expect((await cliHere(['abort', '--database-url', database.url], { cwd: empty })).stderr).toContain('(nothing-to-abort)')
  })
})

it('init writes a configuration that the other commands read, without any secret', async () => {
  await using database = await freshDatabase(18)
  await using here = await project({ ...files, 'tsconfig.json': '{}' })
  const made = await cliHere(['init', '--database-url', database.url], { cwd: here.folder })
  expect(made.stdout).toContain('Migrations: prisma in prisma/migrations')
  expect(made.stdout).toContain('PostgreSQL 18')
  expect(made.stdout).toContain('npx lockkeeper check')
  const text = await readFile(join(here.folder, 'lockkeeper.config.ts'), 'utf8')
  expect(text).toContain(`source: 'prisma'`)
  expect(text).not.toContain('postgres:')
  const status = await cliHere(['status', '--json', '--database-url', database.url], { cwd: join(here.folder, 'prisma') })
  expect(documentOf(status).migrations).toHaveLength(2)
  expect((await cliHere(['init'], { cwd: here.folder })).stderr).toContain('There is a configuration file already')
})
