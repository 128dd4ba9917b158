import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { FleetReport, FleetRow } from '../../src/model/fleet.ts'
import type { Outcome } from '../support/cli.ts'
import { cliHere, flat, startCli } from '../support/cli.ts'
import type { TestFleet } from '../support/fleet.ts'
import { dumpOf, secret, testFleet } from '../support/fleet.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { testVersions } from '../support/postgres.ts'

const newest = Math.max(...testVersions)
const size = 2_000
const setup = `create table orders (id bigint generated always as identity primary key, total int not null, note text, times int not null default 0);
  insert into orders (total) select i from generate_series(1, ${size}) i`
/** Data that stands in the SQL: no more than the passwords may it be found anywhere else. */
const data = 'gehalt-4711-geheim'
/** Where a row is met twice, its counter says so: nothing in the condition keeps it from that. */
const counting = `UPDATE orders SET times = times + 1, note = '${data}' WHERE total <> 987654321`
const filling = `UPDATE orders SET note = '${data}' WHERE note IS DISTINCT FROM '${data}'`

interface Document extends FleetReport {
  readonly summary: {
    readonly targets: number
    readonly done: number
    readonly failed: number
    readonly left: number
    readonly rows?: number
  }
  readonly waves: readonly { readonly targets: number; readonly done: number; readonly left: number }[]
}

const documentOf = ({ stdout }: { readonly stdout: string }): Document => JSON.parse(stdout) as Document
const backfillFleetOf = async (size: number) => await testFleet(newest, size, { files: {}, setup })
const args = (fleet: TestFleet, ...more: readonly string[]) => ['fleet', 'backfill', 'count-up', ...fleet.on, ...more]
const here = async (fleet: TestFleet, ...more: readonly string[]): Promise<Outcome> =>
  await cliHere(args(fleet, ...more), { cwd: fleet.here.folder })
const status = async (fleet: TestFleet, ...more: readonly string[]): Promise<Outcome> =>
  await cliHere(['fleet', ...more, '--control-url', fleet.control.url, '--json'], { cwd: fleet.here.folder })

/** How often each row was changed, as `TIMES: ROWS`; undefined where there is no table. */
async function timesIn(target: TestDatabase): Promise<{ readonly [times: string]: number } | undefined> {
  const client = await target.client()
  const there = await client.query<{ there: boolean }>(`select to_regclass('orders') is not null as there`)
  if (there.rows[0]?.there !== true) return undefined
  const { rows } = await client.query<{ times: number; n: number }>('select times, count(*)::int as n from orders group by 1')
  return Object.fromEntries(rows.map(({ times, n }) => [String(times), n]))
}

const timesOf = async (fleet: TestFleet) => await Promise.all(fleet.targets.map(timesIn))
const once = { 1: size }
const never = { 0: size }

async function stored(fleet: TestFleet): Promise<string> {
  return await dumpOf(await fleet.control.client(), 'lockkeeper_fleet')
}

function expectNoSecret(...texts: readonly string[]): void {
  const all = texts.join('\n')
  for (const word of [secret, data, '987654321', 'times + 1', 'UPDATE orders']) expect(all).not.toContain(word)
}

it('of 8 databases one lacks the table: canary, waves, stop; mended, the same command goes on, and every row is done once', async () => {
  await using fleet = await backfillFleetOf(8)
  // The last of its wave: those before it are begun, and end, whatever becomes of it.
  const broken = await fleet.targets[6]?.client()
  await broken?.query('drop table orders')
  const run = async (...more: readonly string[]) => await here(fleet, '--sql', counting, '--wave', '3', '--json', ...more)
  const dry = await run('--dry-run')
  expect([dry.status, documentOf(dry).waves.map((wave) => wave.targets), documentOf(dry).name]).toEqual([
    0,
    [1, 3, 3, 1],
    'backfill-count-up',
  ])
  expect(await timesOf(fleet)).toEqual(fleet.targets.map((_, at) => (at === 6 ? undefined : never)))

  const first = await run()
  const stopped = documentOf(first)
  expect([first.status, stopped.stopped?.code, stopped.waves.map((wave) => wave.done)]).toEqual([5, 'fleet-budget-spent', [1, 3, 2, 0]])
  expect(stopped.targets[6]).toMatchObject({ state: 'failed', code: 'backfill-refused', attempts: 1 })
  expect(stopped.targets.filter(({ state }) => state === 'done').map(({ rows }) => rows)).toEqual(Array.from({ length: 6 }, () => size))
  expect(await timesOf(fleet)).toEqual(fleet.targets.map((_, at) => (at === 6 ? undefined : at === 7 ? never : once)))
  const texts = [first.stdout, first.stderr, await stored(fleet)]

  await broken?.query(setup)
  const second = await run()
  expect([second.status, documentOf(second).summary]).toMatchObject([0, { done: 8, failed: 0, left: 0, rows: 8 * size }])
  expect(await timesOf(fleet)).toEqual(fleet.targets.map(() => once))
  const told = await status(fleet, 'status', '--backfill', 'count-up')
  expect(documentOf(told)).toMatchObject({ name: 'backfill-count-up', job: { kind: 'backfill', name: 'count-up' }, summary: { done: 8 } })
  expectNoSecret(...texts, second.stdout, second.stderr, told.stdout, await stored(fleet))
})

it('targets that have done it are passed at once, whatever the fleet is called; other SQL under the name is refused', async () => {
  await using fleet = await backfillFleetOf(3)
  const alone = ['backfill', 'run', 'count-up', '--sql', counting, '--database-url', fleet.targets[1]?.url ?? '']
  expect((await cliHere(alone)).status).toBe(0)
  await fleet.here.write({ 'count.sql': `${counting};\n` })
  const first = documentOf(await here(fleet, '--file', 'count.sql', '--json'))
  expect(first.targets.map(({ steps, rows }) => [(steps ?? 0) > 0, rows])).toEqual([
    [true, size],
    [false, size],
    [true, size],
  ])
  const again = await here(fleet, '--sql', counting, '--name', 'again')
  expect([again.status, flat(again.stdout)]).toEqual([0, expect.stringContaining('3 of 3 done, 6,000 rows.')])
  expect(await timesOf(fleet)).toEqual(fleet.targets.map(() => once))

  for (const more of [[], ['--dry-run']]) {
    const other = await here(fleet, '--sql', counting.replace('+ 1', '+ 2'), ...more)
    expect([other.status, flat(other.stderr)]).toEqual([1, expect.stringContaining('3 targets have begun or done it')])
    expect(other.stderr).toContain('(fleet-differs)')
  }
  const elsewhere = documentOf(await here(fleet, '--sql', counting.replace('+ 1', '+ 2'), '--name', 'other', '--json'))
  expect(elsewhere.targets.map(({ code }) => code)).toEqual(['backfill-changed', undefined, undefined])
  expect(await timesOf(fleet)).toEqual(fleet.targets.map(() => once))
})

it('two machines share it; a signal gives a target to the other one, which goes on from its row: every row is done once', async () => {
  await using fleet = await backfillFleetOf(8)
  const held = fleet.targets[2]
  const holder = await held?.client()
  await holder?.query(`begin; select from orders where id = ${size - 5} for update`)
  const command = args(fleet, '--sql', counting, '--canary', '0', '--wave', '100', '--batch-time', '2ms', '--json')
  const one = startCli([...command, '--concurrency', '1'], { cwd: fleet.here.folder })
  await one.said(`${held?.name}: Database`)
  const two = startCli([...command, '--concurrency', '2', '--workers', '2'], { cwd: fleet.here.folder })
  await two.said(`${fleet.targets[7]?.name}: done`)
  const third = await here(fleet, '--sql', filling)
  expect([third.status, flat(third.stderr)]).toEqual([1, expect.stringContaining('8 targets have begun or done it')])
  one.kill('SIGTERM')
  expect((await one.done).status).toBe(143)
  await two.said(`${held?.name}: Database`)
  await holder?.query('rollback')
  const ended = await two.done
  expect([ended.status, documentOf(ended).summary]).toMatchObject([0, { done: 8, failed: 0, left: 0, rows: 8 * size }])
  expect(documentOf(ended).targets.map(({ attempts }) => attempts)).toEqual(fleet.targets.map((target) => (target === held ? 2 : 1)))
  expect(await timesOf(fleet)).toEqual(fleet.targets.map(() => once))
  expectNoSecret(await stored(fleet))
})

it('rows that get no better and what a server refuses fail their target alone, and are told without what the SQL says', async () => {
  await using fleet = await backfillFleetOf(3)
  const [kept, checked] = await Promise.all(fleet.targets.map(async (target) => await target.client()))
  await kept?.query(`create function keep() returns trigger language plpgsql as $$ begin new.note := old.note; return new; end $$;
    create trigger keep before update on orders for each row when (old.id = 7) execute function keep()`)
  await checked?.query(`alter table orders add check (note <> '${data}')`)
  const run = async (...more: readonly string[]) =>
    await here(fleet, '--sql', filling, '--canary', '0', '--wave', '100', '--error-budget', '2', '--json', ...more)
  const first = await run()
  const [still, refused, fine] = documentOf(first).targets
  expect(still).toMatchObject({ state: 'failed', code: 'rows-still-match' })
  expect(still?.message).toContain('1 rows of public.orders, for example id 7 still match its condition after')
  expect(refused).toMatchObject({ state: 'failed', code: 'step-failed' } satisfies Partial<FleetRow>)
  expect(refused?.message).toContain('violates check constraint "orders_note_check"')
  expect(fine).toMatchObject({ state: 'done', rows: size })
  expectNoSecret(first.stdout, first.stderr, await stored(fleet))

  await kept?.query('drop trigger keep on orders')
  await checked?.query('alter table orders drop constraint orders_note_check')
  const pending = await status(fleet, 'retry', '--backfill', 'count-up')
  expect(documentOf(pending).summary).toMatchObject({ done: 1, failed: 0, left: 2 })
  const second = await run()
  expect([second.status, documentOf(second).summary]).toMatchObject([0, { done: 3, failed: 0 }])
})

it('throttles of the configuration hold it in each target, and batches of migrations, until they let go', async () => {
  await using fleet = await testFleet(newest, 2, { files: { 'm/1_fill.sql': `${filling};\n` }, setup })
  const { folder } = fleet.here
  await fleet.here.write({ 'stop': '', 'lockkeeper.config.json': JSON.stringify({ throttles: { 'pause-file': join(folder, 'stop') } }) })
  const backfill = startCli(args(fleet, '--sql', counting, '--canary', '0', '--wave', '2', '--max-lag', '10s'), { cwd: folder })
  for (const target of fleet.targets) await backfill.said(`${target.name}: held: pause-file`)
  const apply = startCli(fleet.args('apply', '--canary', '0', '--wave', '2', '--events', 'events.ndjson'), { cwd: folder })
  const held = async () => await readFile(join(folder, 'events.ndjson'), 'utf8').catch(() => '')
  for (const { name } of fleet.targets) await expect.poll(held, { timeout: 20_000 }).toContain(`{"target":"${name}","type":"backfill-held"`)
  expect(await timesOf(fleet)).toEqual([never, never])
  await rm(join(folder, 'stop'))
  expect([(await backfill.done).status, (await apply.done).status, await timesOf(fleet)]).toEqual([0, 0, [once, once]])
})

it('a control database of the version before is read as it is, and brought up to date by the next run', async () => {
  await using fleet = await backfillFleetOf(1)
  expect((await here(fleet, '--sql', counting)).status).toBe(0)
  const control = await fleet.control.client()
  await control.query(`alter table lockkeeper_fleet.fleet_target drop column rows; update lockkeeper_fleet.fleet_format set format = 1`)
  const read = documentOf(await status(fleet, 'status', '--backfill', 'count-up'))
  expect([read.targets[0]?.state, read.targets[0]?.rows]).toEqual(['done', undefined])
  const next = documentOf(await here(fleet, '--sql', counting, '--name', 'next', '--json'))
  expect(next.targets).toMatchObject([{ state: 'done', rows: size }])
  expect(await timesOf(fleet)).toEqual([once])
})

it.each<[string, readonly string[], string]>([
  ['no name', ['backfill'], 'Which one? lockkeeper fleet backfill NAME.'],
  ['no SQL', ['backfill', 'x'], 'What is it to do?'],
  ['two statements', ['backfill', 'x', '--sql', `${filling}; ${filling}`], 'A backfill is one statement, and this is 2.'],
  ['SQL that cannot be read', ['backfill', 'x', '--sql', 'UPDATE orders SET'], '(syntax)'],
  ['a throttle that is none', ['backfill', 'x', '--sql', filling, '--throttle', 'replica-lad=10s'], 'Did you mean replica-lag?'],
  ['--restart', ['backfill', 'x', '--sql', filling, '--restart'], '--restart is not for a fleet: each retry'],
  ['a flag of migrations', ['backfill', 'x', '--sql', filling, '--to', '3'], 'fleet backfill knows no --to.'],
  ['SQL for migrations', ['apply', 'm', '--sql', filling], 'fleet apply knows no --sql.'],
  ['SQL for a status', ['status', '--sql', filling], 'Write fleet status --backfill NAME.'],
])('%s is told before any database is asked', async (_, words, message) => {
  const ended = await cliHere(['fleet', ...words])
  expect([ended.status, flat(ended.stderr)]).toEqual([1, expect.stringContaining(message)])
})
