import { expect, it } from 'vitest'
import { postgresEngine } from '../../src/engines.ts'
import type { FleetOptions } from '../../src/fleet/options.ts'
import { defaultTiming } from '../../src/fleet/options.ts'
import { runFleet } from '../../src/fleet/run-fleet.ts'
import type { ErrorCode } from '../../src/model/errors.ts'
import { LockkeeperError } from '../../src/model/errors.ts'
import type { FleetEvent, FleetReport, FleetTarget } from '../../src/model/fleet.ts'
import { sleep } from '../../src/std/sleep.ts'
import type { TestDatabase } from '../support/postgres.ts'
import { freshDatabase, testVersions } from '../support/postgres.ts'

const newest = Math.max(...testVersions)
const timing = { ...defaultTiming, pollMs: 50, beatMs: 100, lostAfterMs: 2_000, strangersMs: 1_000, retryLimit: 1, retryDelaySeconds: 1 }
const named = (...names: readonly string[]): readonly FleetTarget[] =>
  names.map((name) => ({ name, url: `postgres://me:s3cret%40pw@nowhere/${name}` }))
const many = (n: number) => named(...Array.from({ length: n }, (_, at) => `t${String(at).padStart(3, '0')}`))
const failure = (code: ErrorCode, message = 'no') => Promise.reject(new LockkeeperError(code, message))

/** A machine whose targets are whatever `runTarget` says; control database, queue and waves are real. */
async function machine(control: TestDatabase, name: string, more: Partial<FleetOptions>): Promise<FleetReport> {
  const engine = await postgresEngine()
  return await runFleet({
    connect: async () => await engine.connect({ url: control.url, applicationName: `fleet ${name}` }),
    name: 'test',
    job: { kind: 'apply' },
    checksum: 'one',
    targets: many(3),
    rules: { canary: 0, wave: { unit: 'targets', amount: 1000 } },
    skip: [],
    machine: name,
    concurrency: 2,
    runTarget: async () => await Promise.resolve({ steps: 1 }),
    timing,
    signal: new AbortController().signal,
    listener: () => undefined,
    ...more,
  })
}

const statesOf = (report: FleetReport) =>
  Object.fromEntries(report.targets.map(({ name, state, attempts }) => [name, `${state} ${attempts}`]))

it('three machines with four hands each do every target once, and no machine has more at once than it may', async () => {
  await using control = await freshDatabase(newest)
  const done: string[] = []
  let most = 0
  const one = async (name: string) => {
    let now = 0
    return await machine(control, name, {
      targets: many(90),
      concurrency: 4,
      rules: { canary: 3, wave: { unit: 'percent', amount: 20 } },
      async runTarget(target) {
        most = Math.max(most, (now += 1))
        await sleep(40)
        done.push(target.name)
        now -= 1
        return { steps: 1 }
      },
    })
  }
  const reports = await Promise.all(['a', 'b', 'c'].map(one))
  expect(done.toSorted()).toEqual(many(90).map((target) => target.name))
  expect(most).toBe(4)
  expect(reports.map((report) => [report.stopped, report.targets.filter((target) => target.state !== 'done').length])).toEqual(
    reports.map(() => [undefined, 0]),
  )
  // The canaries were done before anything else was begun, and each wave before the next.
  const waves = new Map(reports[0]?.targets.map((target) => [target.name, target.wave]))
  const order = done.map((name) => waves.get(name) ?? -1)
  expect(order).toEqual(order.toSorted((a, b) => a - b))
})

it('what may go away by itself is tried again, then given up with a dead letter; anything else is given up at once', async () => {
  await using control = await freshDatabase(newest)
  const tries = new Map<string, number>()
  const events: FleetEvent[] = []
  const report = await machine(control, 'a', {
    targets: named('later', 'never', 'wrong', 'fine'),
    rules: { canary: 0, budget: { unit: 'percent', amount: 100 } },
    listener: (event) => events.push(event),
    async runTarget({ name }) {
      tries.set(name, (tries.get(name) ?? 0) + 1)
      if (name === 'never' || (name === 'later' && tries.get(name) === 1))
        return await failure('unreachable', 'no answer to s3cret@pw or s3cret%40pw')
      return name === 'wrong' ? await failure('step-failed') : { steps: 0 }
    },
  })
  expect(statesOf(report)).toEqual({ later: 'done 2', never: 'failed 2', wrong: 'failed 1', fine: 'done 1' })
  expect(report.targets.find((target) => target.name === 'never')).toMatchObject({
    code: 'unreachable',
    message: 'no answer to *** or ***',
  })
  expect(
    events
      .filter((event) => event.type === 'target-retrying')
      .map((event) => event.target)
      .toSorted(),
  ).toEqual(['later', 'never'])
  const client = await control.client()
  const dead = await client.query(`select data->>'target' as target, state from lockkeeper_fleet.job where name = 'test-dead' order by 1`)
  expect(dead.rows).toEqual([
    { target: 'never', state: 'created' },
    { target: 'wrong', state: 'created' },
  ])
  const again = await machine(control, 'b', { targets: named('later', 'never', 'wrong', 'fine') })
  expect(statesOf(again)).toEqual({ later: 'done 2', never: 'done 3', wrong: 'done 2', fine: 'done 1' })
})

it('machines with different lists each do their own, and one that is alone says which ones it lacks', async () => {
  await using control = await freshDatabase(newest)
  const by = new Map<string, string>()
  const one = async (name: string, ...targets: readonly string[]) =>
    await machine(control, name, {
      targets: named(...targets),
      rules: { canary: 1, wave: { unit: 'targets', amount: 2 } },
      async runTarget(target) {
        await sleep(50)
        by.set(target.name, `${by.get(target.name) ?? ''}${name}`)
        return { steps: 1 }
      },
    })
  const alone = await one('b', 'x', 'shared')
  expect(statesOf(alone)).toEqual({ x: 'done 1', shared: 'done 1' })
  // The wave of the new ones holds y, which nobody but `a` knows.
  const [left, right] = await Promise.all([one('a', 'y', 'shared', 'z'), sleep(30).then(async () => await one('b', 'x', 'shared', 'w'))])
  expect([left?.stopped, right.stopped]).toEqual([undefined, undefined])
  expect(Object.fromEntries(by)).toEqual({ x: 'b', shared: 'b', y: 'a', z: 'a', w: 'b' })
  const stranded = await machine(control, 'c', { name: 'other', targets: named('p'), runTarget: async () => await failure('step-failed') })
  expect(statesOf(stranded)).toEqual({ p: 'failed 1' })
  const waits = await machine(control, 'd', { name: 'other', targets: named('own') })
  expect(waits.stopped).toMatchObject({ code: 'fleet-targets-unknown', message: expect.stringContaining('(p)') as string })
})

it('fleets of different names share a control database, and leave no queue in it', async () => {
  await using control = await freshDatabase(newest)
  const names = ['one', 'two', 'three', 'four', 'five', 'six']
  const reports = await Promise.all(names.map(async (name) => await machine(control, `m-${name}`, { name, targets: many(6) })))
  expect(reports.map((report) => new Set(Object.values(statesOf(report))))).toEqual(names.map(() => new Set(['done 1'])))
  // Begun anew, each drops its queue as others make and drop theirs.
  const anew = await Promise.all(
    names.map(async (name) => await machine(control, `m-${name}`, { name, targets: many(6), checksum: 'two' })),
  )
  expect(anew.map((report) => new Set(Object.values(statesOf(report))))).toEqual(names.map(() => new Set(['done 1'])))
  const client = await control.client()
  expect((await client.query('select count(*)::int as jobs from lockkeeper_fleet.job')).rows).toEqual([{ jobs: 0 }])
}, 30_000)

it('a machine comes past what it does not know, and ends when nothing that it knows is left', async () => {
  await using control = await freshDatabase(newest)
  const stop = new AbortController()
  const interrupted = await machine(control, 'a', {
    targets: named('strange', 'own'),
    concurrency: 1,
    signal: stop.signal,
    async runTarget(_target, signal) {
      stop.abort(new LockkeeperError('interrupted', 'stopped'))
      await sleep(20_000, signal)
      return { steps: 1 }
    },
  })
  expect(statesOf(interrupted)).toEqual({ strange: 'pending 1', own: 'pending 0' })
  const events: FleetEvent[] = []
  const began = performance.now()
  const knows = await machine(control, 'b', { targets: named('own'), concurrency: 1, listener: (event) => events.push(event) })
  expect(statesOf(knows)).toEqual({ strange: 'pending 1', own: 'done 1' })
  expect(events).toContainEqual({ type: 'target-unknown', target: 'strange' })
  expect([knows.stopped, performance.now() - began < timing.strangersMs]).toEqual([undefined, true])
}, 20_000)

it('a target that is booked on a machine which never heard of it is taken up again', async () => {
  await using control = await freshDatabase(newest)
  const client = await control.client()
  const report = await machine(control, 'a', {
    concurrency: 1,
    async runTarget({ name }) {
      // What is left of a commit whose answer was lost: the job is taken, the row is ours, and nobody works on it.
      if (name === 't000')
        await client.query(`
          update lockkeeper_fleet.job set state = 'active', started_on = now() where data->>'target' = 't002';
          update lockkeeper_fleet.fleet_target set state = 'running', machine = 'a' where name = 't002'`)
      return { steps: 1 }
    },
  })
  expect(statesOf(report)).toEqual({ t000: 'done 1', t001: 'done 1', t002: 'done 1' })
}, 20_000)

it('another folder under the same name is refused while others work on it, and begins anew once they have gone', async () => {
  await using control = await freshDatabase(newest)
  let begun = (): void => undefined
  const first = new Promise<void>((resolve) => (begun = resolve))
  const stop = new AbortController()
  const running = machine(control, 'a', {
    concurrency: 1,
    signal: stop.signal,
    async runTarget(_target, signal) {
      begun()
      await sleep(20_000, signal)
      return { steps: 1 }
    },
  })
  await first
  await expect(machine(control, 'b', { checksum: 'two' })).rejects.toMatchObject({ code: 'fleet-differs' })
  stop.abort(new LockkeeperError('interrupted', 'stopped'))
  expect(statesOf(await running)).toEqual({ t000: 'pending 1', t001: 'pending 0', t002: 'pending 0' })
  expect(statesOf(await machine(control, 'b', { checksum: 'two' }))).toEqual({ t000: 'done 1', t001: 'done 1', t002: 'done 1' })
  expect(statesOf(await machine(control, 'b', { checksum: 'three' }))).toEqual({ t000: 'done 1', t001: 'done 1', t002: 'done 1' })
})

it('other SQL of a backfill begins anew only where no target has begun it', async () => {
  await using control = await freshDatabase(newest)
  const job = { kind: 'backfill', name: 'fill' } as const
  const mistaken = await machine(control, 'a', { job, runTarget: async () => await failure('backfill-refused') })
  expect(statesOf(mistaken)).toMatchObject({ t000: 'failed 1' })
  const mended = await machine(control, 'b', { job, checksum: 'two', runTarget: async () => await Promise.resolve({ steps: 1, rows: 7 }) })
  expect(mended.targets.map(({ state, rows }) => [state, rows])).toEqual(many(3).map(() => ['done', 7]))
  await expect(machine(control, 'c', { job, checksum: 'three' })).rejects.toMatchObject({
    code: 'fleet-differs',
    message: expect.stringContaining('3 targets have begun or done it') as string,
  })
  const another = await machine(control, 'd', { job: { ...job, name: 'other' }, checksum: 'three' })
  expect(statesOf(another)).toEqual({ t000: 'done 1', t001: 'done 1', t002: 'done 1' })
})

it('a machine that was taken for lost cannot overwrite what the one after it wrote', async () => {
  await using control = await freshDatabase(newest)
  let finish = (): void => undefined
  const late = new Promise<void>((resolve) => (finish = resolve))
  const slow = machine(control, 'slow', {
    targets: many(1),
    concurrency: 1,
    timing: { ...timing, beatMs: 60_000 },
    async runTarget() {
      await late
      return await failure('step-failed', 'too late')
    },
  })
  await sleep(timing.lostAfterMs + 200)
  const events: FleetEvent[] = []
  const after = await machine(control, 'after', { targets: many(1), listener: (event) => events.push(event) })
  expect(events).toContainEqual({ type: 'machine-lost', target: 't000', machine: 'slow' })
  expect(statesOf(after)).toEqual({ t000: 'done 2' })
  finish()
  expect(statesOf(await slow)).toEqual({ t000: 'done 2' })
})

it('a control database that cuts all connections is gone back to, and no target is done twice', async () => {
  await using control = await freshDatabase(newest)
  const done: string[] = []
  const client = await control.client()
  let cut: Promise<unknown> = Promise.resolve()
  const report = await machine(control, 'a', {
    targets: many(20),
    concurrency: 3,
    async runTarget({ name }) {
      if (done.length % 5 === 2)
        cut = cut.then(
          async () => await client.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'fleet a'`),
        )
      await cut
      done.push(name)
      return await Promise.resolve({ steps: 1 })
    },
  })
  expect(new Set(Object.values(statesOf(report)))).toEqual(new Set(['done 1']))
  expect(done.length).toBe(20)
})
