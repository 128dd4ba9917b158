import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { FleetReport } from '../../src/model/fleet.ts'
import { cliHere, flat, startCli } from '../support/cli.ts'
import { dumpOf, lineOf, ordersTable, secret, testFleet, truthOf } from '../support/fleet.ts'
import { forEachVersion, freshDatabase, testVersions } from '../support/postgres.ts'

interface Document extends FleetReport {
  readonly summary: {
    readonly targets: number
    readonly done: number
    readonly failed: number
    readonly left: number
    readonly skipped: number
  }
  readonly waves: readonly {
    readonly wave: number
    readonly targets: number
    readonly done: number
    readonly failed: number
    readonly left: number
  }[]
}

const documentOf = ({ stdout }: { readonly stdout: string }): Document => JSON.parse(stdout) as Document
const newest = Math.max(...testVersions)
const complete = { complete: 2, started: 2, ready: true }
const untouched = { complete: 0, started: 0, ready: false }
/** In the way of the index that the second migration makes. */
const breakIt = 'create table orders_status_idx (id int)'
const mendIt = 'drop table orders_status_idx'

it('of 50 databases one is broken: its wave stops, the rest is done or untouched, and once it is mended the same command finishes all', async () => {
  await using fleet = await testFleet(newest, 50)
  const broken = fleet.targets[15]
  const inBroken = await broken?.client()
  await inBroken?.query(breakIt)
  const apply = async () =>
    await cliHere(fleet.args('apply', '--canary', '1', '--wave', '10', '--concurrency', '6', '--events', 'events.ndjson', '--json'), {
      cwd: fleet.here.folder,
    })

  const first = await apply()
  expect([first.status, documentOf(first).stopped?.code]).toEqual([5, 'fleet-budget-spent'])
  const stopped = documentOf(first)
  expect(stopped.waves.map((wave) => wave.targets)).toEqual([1, 10, 10, 10, 10, 9])
  expect(stopped.waves.slice(0, 2).map((wave) => wave.done)).toEqual([1, 10])
  expect(stopped.waves.slice(3).map((wave) => wave.left)).toEqual([10, 10, 9])
  expect(stopped.targets.filter((target) => target.state === 'failed')).toMatchObject([
    { name: broken?.name, wave: 2, code: 'step-failed' },
  ])
  const control = await fleet.control.client()
  const stored = await dumpOf(control, 'lockkeeper_fleet')
  expect(stored).toContain(`(apply-`)
  const truth = await Promise.all(fleet.targets.map(truthOf))
  const half = { complete: 1, started: 2, ready: true }
  expect(truth).toEqual(stopped.targets.map(({ state }) => (state === 'failed' ? half : state === 'done' ? complete : untouched)))

  await inBroken?.query(mendIt)
  const second = await apply()
  expect(second.status).toBe(0)
  expect(documentOf(second).summary).toMatchObject({ targets: 50, done: 50, failed: 0, left: 0 })
  expect(await Promise.all(fleet.targets.map(truthOf))).toEqual(fleet.targets.map(() => complete))

  const events = await readFile(join(fleet.here.folder, 'events.ndjson'), 'utf8')
  const said = [first.stdout, first.stderr, second.stdout, second.stderr, events, stored, await dumpOf(control, 'lockkeeper_fleet')].join(
    '\n',
  )
  expect(said).toContain(`${broken?.name}`)
  expect(said).not.toContain(secret)
  const queues = await control.query('select name from lockkeeper_fleet.queue')
  expect(queues.rows).toEqual([])
  expect((await inBroken?.query(`select to_regnamespace('lockkeeper_fleet') as there`))?.rows).toEqual([{ there: null }])
}, 120_000)

it('two machines share a fleet; one is killed in the middle, and the other takes its target over: each target is done once', async () => {
  await using fleet = await testFleet(newest, 12)
  const held = fleet.targets[3]
  const holder = await held?.client()
  await holder?.query('begin; lock table orders in access share mode')
  const args = fleet.args('apply', '--canary', '0', '--wave', '100', '--json', '--lock-timeout', '50ms')
  const one = startCli([...args, '--concurrency', '1'], { cwd: fleet.here.folder })
  await one.said(`${held?.name}: Database`)
  const two = startCli([...args, '--concurrency', '2'], { cwd: fleet.here.folder })
  await two.said(`${fleet.targets[11]?.name}: done`)
  one.kill('SIGKILL')
  expect((await one.done).status).toBe(null)
  await holder?.query('rollback')
  const ended = await two.done
  expect([ended.status, documentOf(ended).summary]).toMatchObject([0, { targets: 12, done: 12, failed: 0, left: 0 }])
  expect(ended.stderr).toContain(`${held?.name}: `)
  expect(flat(ended.stderr)).toContain('has not been heard of; it is taken over')
  const attempts = documentOf(ended).targets.map((target) => target.attempts)
  expect(attempts).toEqual(fleet.targets.map((_, at) => (at === 3 ? 2 : 1)))
  expect(await Promise.all(fleet.targets.map(truthOf))).toEqual(fleet.targets.map(() => complete))
  // The first machine had done those before it stood at the lock; the second one never touched them.
  for (const target of fleet.targets.slice(0, 3)) expect(ended.stderr).not.toContain(`${target.name}: Database`)
}, 90_000)

it('SIGTERM gives the target back at once, and the next run goes on from its journal', async () => {
  await using fleet = await testFleet(newest, 2)
  const holder = await fleet.targets[0]?.client()
  await holder?.query('begin; lock table orders in access share mode')
  const running = startCli(fleet.args('apply', '--json'), { cwd: fleet.here.folder })
  await running.said(`${fleet.targets[0]?.name}: Database`)
  running.kill('SIGTERM')
  const ended = await running.done
  expect(ended.status).toBe(143)
  expect(documentOf(ended)).toMatchObject({
    stopped: { code: 'interrupted' },
    targets: [{ state: 'pending', attempts: 1 }, { state: 'pending' }],
  })
  // Given back, not failed: no attempt is counted and nobody waits for a retry.
  expect(documentOf(ended).targets[0]).not.toHaveProperty('message')
  await holder?.query('rollback')
  expect((await cliHere(fleet.args('apply'), { cwd: fleet.here.folder })).status).toBe(0)
  expect(await Promise.all(fleet.targets.map(truthOf))).toEqual([complete, complete])
}, 60_000)

forEachVersion('fleet', (version) => {
  it('a schema each for tenants, named by a query', async () => {
    await using control = await freshDatabase(version)
    await using tenants = await freshDatabase(version, {
      setup: ['t1', 'Tenant 2', 't3'].map((name) => `create schema "${name}"; set search_path = "${name}"; ${ordersTable}`).join(';'),
    })
    await using empty = await testFleet(version, 0)
    const query = `select unnest(array['t1', 'Tenant 2', 't3']) as schema -- all of them`
    const args = ['fleet', 'apply', 'm', '--control-url', control.url, '--database-url', tenants.url, '--targets-query', query]
    const applied = await cliHere(args, { cwd: empty.here.folder })
    expect(applied.status).toBe(0)
    expect(applied.stdout).toContain('3 of 3 done')
    const client = await tenants.client()
    const { rows } = await client.query(`select schemaname as schema from pg_indexes where indexname = 'orders_status_idx' order by 1`)
    expect(rows.map((row: { readonly schema: string }) => row.schema)).toEqual(['Tenant 2', 't1', 't3'])
    const projects = await client.query(`select distinct project from lockkeeper.journal order by 1`)
    expect(projects.rows.length).toBe(3)
  })

  it('a budget of one goes on past a failure; status tells of it, and retry makes it pending again', async () => {
    await using fleet = await testFleet(version, 4)
    const broken = await fleet.targets[1]?.client()
    await broken?.query(breakIt)
    const here = { cwd: fleet.here.folder }
    const applied = await cliHere(fleet.args('apply', '--wave', '1', '--error-budget', '1'), here)
    expect(applied.status).toBe(5)
    expect(flat(applied.stdout)).toContain('3 of 4 done, 1 failed.')
    expect(applied.stdout).toContain('(step-failed)')
    expect(applied.stderr).toMatch(/^Control: Database \S+ on \S+ as postgres, PostgreSQL/)
    expect(await Promise.all(fleet.targets.map(async (target) => (await truthOf(target)).complete))).toEqual([2, 1, 2, 2])
    const status = async (verb: string) => documentOf(await cliHere(fleet.args(verb, '--json'), here))
    expect((await status('status')).summary).toMatchObject({ done: 3, failed: 1, left: 0 })
    expect((await status('retry')).summary).toMatchObject({ done: 3, failed: 0, left: 1 })
    const left = await cliHere(fleet.args('apply', '--skip', fleet.targets[1]?.name ?? ''), here)
    expect([left.status, flat(left.stdout)]).toEqual([0, expect.stringContaining('3 of 4 done, 1 skipped.')])
  })

  it('a dry run prints the waves and leaves nothing behind, and a broken canary stops all', async () => {
    await using fleet = await testFleet(version, 4)
    const here = { cwd: fleet.here.folder }
    const dry = await cliHere(fleet.args('apply', '--dry-run', '--wave', '2'), here)
    const [a, b, c, d] = fleet.targets.map((target) => target.name)
    expect([dry.status, flat(dry.stdout)]).toEqual([0, expect.stringContaining(`canary ${a} wave 1 ${b}, ${c} wave 2 ${d}`)])
    const control = await fleet.control.client()
    expect((await control.query(`select to_regnamespace('lockkeeper_fleet') as there`)).rows).toEqual([{ there: null }])
    const broken = await fleet.targets[0]?.client()
    await broken?.query('drop table orders')
    const stopped = await cliHere(fleet.args('apply', '--error-budget', '50%'), here)
    expect([stopped.status, flat(stopped.stdout)]).toEqual([3, expect.stringContaining('A canary failed: no wave is opened after it.')])
    expect(await Promise.all(fleet.targets.slice(1).map(truthOf))).toEqual([untouched, untouched, untouched])
  })

  it('lists that cannot be right and a missing control database are refused before anything is touched', async () => {
    await using fleet = await testFleet(version, 1)
    const [target] = fleet.targets
    if (target === undefined) throw new Error('no target')
    const refusal = async (...args: readonly string[]) => {
      const ended = await cliHere(['fleet', 'apply', 'm', ...args], { cwd: fleet.here.folder })
      expect(ended.status).toBe(1)
      expect(ended.stderr + ended.stdout).not.toContain(secret)
      return flat(ended.stderr)
    }
    const on = ['--control-url', fleet.control.url]
    await fleet.here.write({ 'twice.txt': `${lineOf(target)}\n${lineOf(target)}\n`, 'broken.txt': `\npostgrs://u:${secret}@h/d\n` })
    expect(await refusal(...on, '--targets-file', 'twice.txt')).toContain(`${target.name} is the name of two targets`)
    expect(await refusal(...on, '--targets-file', 'broken.txt')).toContain('broken.txt line 2 has no URL')
    expect(await refusal(...on, '--targets-file', 'none.txt')).toContain('There is no file none.txt')
    expect(await refusal(...on)).toContain('(fleet-targets-invalid)')
    const control = await fleet.control.client()
    await control.query('create sequence s')
    const two = `select 'x' as database) as t; commit; create table injected (id int); select * from (select 1`
    expect(await refusal(...on, '--targets-query', two)).toContain('(fleet-targets-invalid)')
    expect((await control.query(`select to_regclass('injected') as there`)).rows).toEqual([{ there: null }])
    expect(await refusal(...on, '--targets-query', "select nextval('s')::text as database")).toContain('(fleet-targets-invalid)')
    expect(await refusal('--target', lineOf(target))).toContain('(fleet-control-invalid)')
    expect(await refusal(...on, '--target', lineOf(target), '--skip', 'other')).toContain('has no target other')
    const nothing = await cliHere(['fleet', 'status', '--name', 'other', ...on], { cwd: fleet.here.folder })
    expect([nothing.status, nothing.stderr]).toEqual([1, expect.stringContaining('(fleet-unknown)')])
    expect(await truthOf(target)).toEqual(untouched)
  })
})
