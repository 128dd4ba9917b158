import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { Plan } from '../../src/model/plan.ts'
import { applyLooked, look, type ApplyVerbOptions } from '../../src/verbs/apply.ts'
import { checkMigrations } from '../../src/verbs/check.ts'
import { loadMigrations } from '../../src/verbs/load-migrations.ts'
import { planPending, refuseStale } from '../../src/verbs/plan.ts'
import { bundle } from '../support/bundle.ts'
import { forEachVersion, freshDatabase } from '../support/postgres.ts'
import { planOf, runOptions } from '../support/run.ts'

const child = bundle('test/support/apply-child.ts')

const code = (body: string): string => `import { defineBackfill } from 'lockkeeper'
export const fill = defineBackfill({
  table: 'people', where: 'full_name is null', columns: ['id', 'first', 'last'], batch: 50,
  async run(rows, tx) { ${body} },
})
`
const fills = `await tx.query(
    'update people p set full_name = d.name, n = n + 1 from unnest($1::int[], $2::text[]) as d (id, name) where p.id = d.id',
    [rows.map((r) => r.id), rows.map((r) => r.first + ' ' + r.last)])`

const files = {
  'migrations/1_people.sql': `create table people (id int primary key, first text, last text, n int not null default 0);`,
  'migrations/2_names.sql': `alter table people add column full_name text;
-- lockkeeper-backfill ./backfills/fill.ts#fill
alter table people add column checked boolean;`,
  'migrations/3_only.sql': `-- lockkeeper-backfill ./backfills/fill.ts\n`,
  'backfills/fill.ts': code(fills),
}

function project(changed: { readonly [path: string]: string } = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'lk-project-'))
  for (const [path, text] of Object.entries({ ...files, ...changed })) write(root, path, text)
  return root
}

function write(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const settings = { lockBudgetMs: 100, statementTimeoutMs: 5_000, allowed: [] }

interface More {
  readonly to?: string
  readonly saved?: Plan
  readonly signal?: AbortSignal
}

async function applying(url: string, root: string, { signal, ...more }: More = {}): Promise<ApplyVerbOptions> {
  const loaded = await loadMigrations({ root })
  const { saved, ...to } = more
  const { engine: _engine, connect: _connect, plan: _plan, migrations: _migrations, events: _events, ...rest } = runOptions(url, planOf())
  return {
    connection: { url },
    loaded,
    plan: (target) =>
      saved === undefined ? planPending(target, loaded, { ...settings, ...to }) : refuseStale(target, loaded, { ...settings, saved }),
    settings: { ...rest, ...(signal && { signal }) },
  }
}

async function apply(url: string, root: string, more: More = {}): Promise<Plan> {
  const options = await applying(url, root, more)
  const looked = await look(options)
  await applyLooked(options, looked)
  return looked.planned.plan
}

const people = (rows: number): string => `insert into people select i, 'F' || i, 'L' || i from generate_series(1, ${rows}) i`
const filled = `select count(*)::int as rows, min(n) as least, max(n) as most from people where full_name = first || ' ' || last`

forEachVersion('a migration that names a backfill in TypeScript', (version) => {
  test('has it as a step at its place, and its row in the journal', async () => {
    await using database = await freshDatabase(version)
    const root = project()
    await apply(database.url, root, { to: '1_people' })
    const client = await database.client()
    await client.query(people(500))
    const plan = await apply(database.url, root)
    expect(plan.migrations.map(({ steps }) => steps.map(({ kind, phase }) => [kind, phase]))).toEqual([
      [
        ['sql', 'expand'],
        ['backfill', 'backfill'],
        ['sql', 'expand'],
      ],
      [['backfill', 'backfill']],
    ])
    expect(plan.migrations[0]?.steps[1]).toMatchObject({
      id: '2-backfill-people',
      work: { kind: 'code', relation: 'public.people', module: 'backfills/fill.ts', export: 'fill', falsifies: true },
      walk: { by: 'key', columns: ['id'] },
    })
    expect((await client.query(filled)).rows).toEqual([{ rows: 500, least: 1, most: 1 }])
    const journal = await client.query(
      `select migration, step from lockkeeper.journal where event = 'step-done' and step like '%backfill%' order by seq`,
    )
    expect(journal.rows).toEqual([
      { migration: '2_names', step: '2-backfill-people' },
      { migration: '3_only', step: '1-backfill-people' },
    ])
  })

  test('passes on a fresh database', async () => {
    await using database = await freshDatabase(version)
    await apply(database.url, project())
    const client = await database.client()
    expect((await client.query('select full_name, checked from people')).rows).toEqual([])
    expect(await apply(database.url, project())).toMatchObject({ migrations: [] })
  })

  test('goes on where a killed process left it, each row once', async () => {
    await using database = await freshDatabase(version)
    const root = project({ 'backfills/fill.ts': code(`await new Promise((resolve) => setTimeout(resolve, 40)); ${fills}`) })
    await apply(database.url, root, { to: '1_people' })
    const client = await database.client()
    await client.query(people(600))
    const killed = spawn(process.execPath, [await child, database.url, root, '0'], { stdio: 'ignore' })
    const ended = new Promise((resolve) => killed.on('close', resolve))
    const done = async (): Promise<number> =>
      (await client.query<{ rows: number }>(filled).catch(() => ({ rows: [{ rows: 0 }] }))).rows[0]?.rows ?? 0
    await expect.poll(done, { timeout: 20_000, interval: 10 }).toBeGreaterThan(0)
    killed.kill('SIGKILL')
    await ended
    expect(await done()).toBeLessThan(600)
    // Else the lease of the one that is gone would be waited for.
    await client.query('update lockkeeper.backfill_chunk set leased_until = clock_timestamp()')
    await apply(database.url, root)
    expect((await client.query(filled)).rows).toEqual([{ rows: 600, least: 1, most: 1 }])
  })

  test('refuses a saved plan whose module has changed', async () => {
    await using database = await freshDatabase(version)
    const root = project()
    await apply(database.url, root, { to: '1_people' })
    const { planned } = await look(await applying(database.url, root))
    write(root, 'backfills/fill.ts', code(`/* other */ ${fills}`))
    await expect(apply(database.url, root, { saved: planned.plan })).rejects.toMatchObject({ code: 'plan-stale' })
  })

  test('whose code failed goes on once it was mended, and not with other code before it failed', async () => {
    await using database = await freshDatabase(version)
    const root = project({ 'backfills/fill.ts': code(`throw new Error('no service')`) })
    await apply(database.url, root, { to: '1_people' })
    const client = await database.client()
    await client.query(people(100))
    await expect(apply(database.url, root)).rejects.toMatchObject({ code: 'backfill-code-failed' })
    rmSync(join(root, 'backfills/fill.ts'))
    await expect(apply(database.url, root)).rejects.toMatchObject({ code: 'backfill-invalid' })
    write(root, 'backfills/fill.ts', code(`if (rows.some((r) => r.id === 50)) throw new Error('half'); ${fills}`))
    await expect(apply(database.url, root)).rejects.toMatchObject({ code: 'backfill-code-failed' })
    write(root, 'backfills/fill.ts', files['backfills/fill.ts'])
    await apply(database.url, root)
    expect((await client.query(filled)).rows).toEqual([{ rows: 100, least: 1, most: 1 }])
  })

  test('that was mended goes on with that after it was interrupted', async () => {
    await using database = await freshDatabase(version)
    const root = project({ 'backfills/fill.ts': code(`throw new Error('no service')`) })
    await apply(database.url, root, { to: '1_people' })
    const client = await database.client()
    await client.query(people(100))
    await expect(apply(database.url, root)).rejects.toMatchObject({ code: 'backfill-code-failed' })
    const flag = join(root, 'called')
    const waiting = `import { writeFileSync } from 'node:fs'\n${code(`writeFileSync(${JSON.stringify(flag)}, ''); if (process.env.LK_WAIT) await new Promise(() => {}); ${fills}`)}`
    write(root, 'backfills/fill.ts', waiting)
    process.env['LK_WAIT'] = '1'
    const stop = new AbortController()
    const stopped = apply(database.url, root, { signal: stop.signal }).catch((error: unknown) => error)
    await expect.poll(() => existsSync(flag), { timeout: 10_000 }).toBe(true)
    stop.abort()
    expect(await stopped).toMatchObject({ code: 'interrupted' })
    delete process.env['LK_WAIT']
    await apply(database.url, root)
    expect((await client.query(filled)).rows).toEqual([{ rows: 100, least: 1, most: 1 }])
  })

  test('names file and line where the module is missing', async () => {
    await using database = await freshDatabase(version)
    const root = project({ 'migrations/2_names.sql': 'select 1;\n-- lockkeeper-backfill ./backfills/none.ts\n' })
    const planning = apply(database.url, root)
    await expect(planning).rejects.toMatchObject({ code: 'backfill-invalid' })
    await expect(planning).rejects.toThrow('migrations/2_names.sql, line 2: There is no file backfills/none.ts.')
  })

  test('does not stand in the middle of what must run together', async () => {
    await using database = await freshDatabase(version)
    const tied = `create temp table x as select 1 as id;\n-- lockkeeper-backfill ./backfills/fill.ts\ninsert into people (id) select id from x;`
    const root = project({ 'migrations/2_names.sql': tied })
    await expect(apply(database.url, root)).rejects.toMatchObject({ code: 'cannot-split' })
  })
})

test('check runs no module and says nothing of the comment', async () => {
  const root = project({ 'backfills/fill.ts': `throw new Error('ran')` })
  const report = await checkMigrations({ root, paths: [], signal: AbortSignal.timeout(30_000), today: '2026-11-27', sandbox: false })
  expect(JSON.stringify(report)).not.toMatch(/lockkeeper-backfill|"severity":"error"/)
})
