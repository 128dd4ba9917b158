import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { postgres } from '../../src/postgres/engine.ts'
import type { Outcome } from '../support/cli.ts'
import { cliHere, flat, project, startCli } from '../support/cli.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../support/postgres.ts'

const setup = `create table orders (id bigint generated always as identity primary key, total int not null, note text);
  insert into orders (total) select i from generate_series(1, 50000) i`
const fill = `UPDATE orders SET note = 'n' || total WHERE note IS NULL`

interface Document {
  readonly backfills: readonly {
    readonly name: string
    readonly state: string
    readonly rows: number
    readonly relation: string
    readonly workers: readonly { readonly held?: string }[]
  }[]
}

const documentOf = ({ stdout }: Outcome): Document => JSON.parse(stdout) as Document

async function nulls(database: TestDatabase): Promise<number> {
  const client = await database.client()
  const { rows } = await client.query<{ n: number }>('select count(*)::int as n from orders where note is null')
  return rows[0]?.n ?? -1
}

/** A row that is locked keeps a backfill from its end, and from nothing else. */
async function lockOne(database: TestDatabase): Promise<() => Promise<unknown>> {
  const holder = await database.client()
  await holder.query('begin; select from orders where id = 40000 for update')
  return () => holder.query('rollback')
}

forEachVersion('backfill', (version) => {
  it('run does it, says what it did, and does nothing more the next time', async () => {
    await using database = await freshDatabase(version, { setup })
    const args = ['backfill', 'run', 'fill-note', '--database-url', database.url]
    const first = await cliHere([...args, '--sql', fill])
    expect(first.status).toBe(0)
    expect(first.stderr).toMatch(new RegExp(`^Database ${database.name} on .* as postgres, PostgreSQL ${version}`))
    expect(flat(first.stdout)).toMatch(/fill-note: done, 50,000 rows, in [\d.]+ m?s/)
    expect(await nulls(database)).toBe(0)
    const again = await cliHere([...args, '--json'])
    expect(documentOf(again).backfills).toMatchObject([{ name: 'fill-note', state: 'done', rows: 50_000, relation: 'public.orders' }])
    const restarted = await cliHere([
      ...args,
      '--sql',
      `UPDATE orders SET note = NULL WHERE note IS NOT NULL`,
      '--restart',
      '--walk',
      'descending',
    ])
    expect([restarted.status, await nulls(database)]).toEqual([0, 50_000])
  })

  it('is paused, seen, resumed and cancelled from other terminals, and what is done stays', async () => {
    await using database = await freshDatabase(version, { setup })
    const letGo = await lockOne(database)
    const to = ['--database-url', database.url]
    const running = startCli(['backfill', 'run', 'fill-note', '--sql', fill, ...to])
    await expect.poll(() => nulls(database), { timeout: 20_000 }).toBeLessThan(50_000)
    expect(documentOf(await cliHere(['backfill', 'pause', 'fill-note', '--json', ...to])).backfills[0]?.state).toBe('paused')
    await running.said('paused: lockkeeper backfill resume fill-note lets it go on')
    const workers = async () => documentOf(await cliHere(['backfill', 'list', '--json', ...to])).backfills[0]?.workers.length
    await expect.poll(workers, { timeout: 20_000 }).toBe(0)
    const before = await nulls(database)
    expect(flat((await cliHere(['backfill', 'list', ...to])).stdout)).toContain('To go on: lockkeeper backfill resume fill-note')
    expect(await nulls(database)).toBe(before)
    await cliHere(['backfill', 'resume', 'fill-note', ...to])
    await expect.poll(() => nulls(database), { timeout: 20_000 }).toBe(1)
    expect(flat((await cliHere(['status', '--source', 'sql', 'none.sql', ...to], { cwd: import.meta.dirname })).stderr)).toContain(
      'none.sql',
    )
    const refused = await cliHere(['uninstall', '--yes', ...to])
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringContaining('Backfills that are not done: fill-note')])
    await cliHere(['backfill', 'cancel', 'fill-note', ...to])
    const ended = await running.done
    expect([ended.status, flat(ended.stderr)]).toEqual([5, expect.stringContaining('the backfill fill-note was cancelled')])
    await letGo()
    const on = await cliHere(['backfill', 'run', 'fill-note', ...to])
    expect([on.status, await nulls(database)]).toEqual([0, 0])
    expect((await cliHere(['uninstall', '--yes', ...to])).status).toBe(0)
  })

  it('one that was cancelled is given up: uninstall takes what is known of it away', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ stop: '' })
    const to = ['--database-url', database.url]
    const running = startCli([
      'backfill',
      'run',
      'fill-note',
      '--sql',
      fill,
      '--throttle',
      `pause-file=${join(here.folder, 'stop')}`,
      ...to,
    ])
    await running.said('pause-file')
    expect((await cliHere(['uninstall', '--yes', ...to])).status).toBe(1)
    await cliHere(['backfill', 'cancel', 'fill-note', ...to])
    expect((await running.done).status).toBe(5)
    expect((await cliHere(['uninstall', '--yes', ...to])).status).toBe(0)
    expect(await nulls(database)).toBe(50_000)
  })

  it('a signal leaves it to be gone on with, by two workers', async () => {
    await using database = await freshDatabase(version, { setup })
    const letGo = await lockOne(database)
    const running = startCli(['backfill', 'run', 'fill-note', '--sql', fill, '--database-url', database.url])
    await expect.poll(() => nulls(database), { timeout: 20_000 }).toBe(1)
    running.kill('SIGUSR2')
    await running.said('paused: lockkeeper backfill resume')
    running.kill('SIGUSR2')
    const state = async () => documentOf(await cliHere(['backfill', 'list', '--json', '--database-url', database.url])).backfills[0]?.state
    await expect.poll(state, { timeout: 20_000 }).not.toBe('paused')
    running.kill('SIGINT')
    expect((await running.done).status).toBe(130)
    await letGo()
    const on = await cliHere(['backfill', 'run', 'fill-note', '--workers', '2', '--database-url', database.url])
    expect([on.status, await nulls(database)]).toEqual([0, 0])
  })

  it('a throttle holds it, list and watch say which one and why, and it goes on when that lets go', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ stop: '' })
    const file = join(here.folder, 'stop')
    const to = ['--database-url', database.url]
    const running = startCli(['backfill', 'run', 'fill-note', '--sql', fill, '--throttle', `pause-file=${file}`, ...to])
    const held = async () => documentOf(await cliHere(['backfill', 'list', '--json', ...to])).backfills[0]
    await expect.poll(async () => (await held())?.state, { timeout: 20_000 }).toBe('held')
    expect((await held())?.workers[0]?.held).toContain('pause-file')
    expect(flat((await cliHere(['backfill', 'list', ...to])).stdout)).toContain('held by pause-file')
    const watching = startCli(['backfill', 'watch', 'fill-note', ...to])
    await watching.said('"state":"held"')
    await rm(file)
    expect([(await running.done).status, await nulls(database)]).toEqual([0, 0])
    const watched = await watching.done
    expect([watched.status, watched.stdout.trim().split('\n').at(-1)]).toEqual([0, expect.stringContaining('"state":"done"')])
  })

  it('throttles of the configuration hold the backfill of a migration too, and status says so', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ 'migrations/1_fill.sql': `${fill};\n`, 'stop': '' })
    await here.write({
      'lockkeeper.config.json': JSON.stringify({
        migrations: 'migrations',
        source: 'sql',
        throttles: { 'pause-file': join(here.folder, 'stop') },
      }),
    })
    const running = startCli(['apply', '--database-url', database.url], { cwd: here.folder })
    const status = async () => flat((await cliHere(['status', '--database-url', database.url], { cwd: here.folder })).stdout)
    await expect.poll(status, { timeout: 20_000 }).toMatch(/1_fill\/.*: held.*pause-file/)
    await rm(join(here.folder, 'stop'))
    expect([(await running.done).status, await nulls(database)]).toEqual([0, 0])
  })

  it('a module in TypeScript does it, and another process takes part with nothing but the name', async () => {
    await using database = await freshDatabase(version, { setup })
    const code = (file: string) =>
      `export default { table: 'orders', where: 'note is null', concurrency: 2, async run(rows, tx) {
        await tx.query('update orders set note = x.note from unnest($1::bigint[], $2::text[]) as x (id, note) where orders.id = x.id',
          [rows.map((row) => row.id), rows.map((row) => '${file}' + row.total)]) } }`
    await using here = await project({ 'backfills/fill.ts': code('a'), 'lockkeeper.config.json': '{}' })
    const letGo = await lockOne(database)
    const to = ['--database-url', database.url]
    const running = startCli(['backfill', 'run', 'fill-note', '--file', 'backfills/fill.ts', ...to], { cwd: here.folder })
    await expect.poll(() => nulls(database), { timeout: 30_000 }).toBeLessThan(49_000)
    running.kill('SIGTERM')
    expect((await running.done).status).toBe(143)
    await letGo()
    await here.write({ 'backfills/fill.ts': code('b') })
    const other = await cliHere(['backfill', 'run', 'fill-note', ...to], { cwd: here.folder })
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining('backfill-changed')])
    await here.write({ 'backfills/fill.ts': code('a') })
    const on = await cliHere(['backfill', 'run', 'fill-note', ...to], { cwd: here.folder })
    expect([on.status, await nulls(database)]).toEqual([0, 0])
  })

  it('script prints what a session without us can run', async () => {
    await using database = await freshDatabase(version, { setup })
    await using here = await project({ 'fill.sql': `${fill};\n` })
    const { stdout, status } = await cliHere(['backfill', 'script', 'fill-note', '--file', 'fill.sql', '--database-url', database.url], {
      cwd: here.folder,
    })
    expect(status).toBe(0)
    const client = await database.client()
    for (const { sql } of postgres.parse(Buffer.from(stdout))) await client.query(sql)
    expect(await nulls(database)).toBe(0)
  })

  it.each<[string, readonly string[], readonly [number, string]]>([
    ['a name that is not there', ['run', 'nope'], [1, 'There is no backfill nope in this database.']],
    ['no name', ['pause'], [1, 'Which one? lockkeeper backfill pause NAME.']],
    ['a verb that is none', ['start', 'x'], [1, 'There is no backfill start.']],
    ['two statements', ['run', 'x', '--sql', `${fill}; ${fill}`], [1, 'A backfill is one statement, and this is 2.']],
    ['a table that is not there', ['run', 'x', '--sql', 'UPDATE nothing SET a = 1'], [3, 'of a table that is there']],
    ['a join', ['run', 'x', '--sql', 'UPDATE orders SET note = o.note FROM orders o'], [3, 'it has FROM']],
    ['a throttle that is none', ['run', 'x', '--sql', fill, '--throttle', 'replica-lad=10s'], [1, 'Did you mean replica-lag?']],
    ['a value that is none', ['run', 'x', '--sql', fill, '--throttle', 'replica-lag=soon'], [1, 'the value "soon" cannot be read']],
    ['a file that is not there', ['run', 'x', '--file', 'no.sql'], [1, 'There is no file no.sql.']],
  ])('%s is told, and nothing is changed', async (_, args, [status, message]) => {
    await using database = await freshDatabase(version, { setup })
    const outcome = await cliHere(['backfill', ...args, '--database-url', database.url])
    expect([outcome.status, flat(outcome.stderr)]).toEqual([status, expect.stringContaining(message)])
    expect(await nulls(database)).toBe(50_000)
  })

  it('one of the same name that does something else is refused', async () => {
    await using database = await freshDatabase(version, { setup })
    const args = ['backfill', 'run', 'fill-note', '--database-url', database.url, '--sql']
    await cliHere([...args, fill])
    const other = await cliHere([...args, `UPDATE orders SET note = 'x' WHERE note IS NULL`])
    expect([other.status, flat(other.stderr)]).toEqual([1, expect.stringContaining('backfill-changed')])
  })
})
