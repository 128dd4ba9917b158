import { LockkeeperError } from '../model/errors.ts'
import type { FleetReport, FleetRow } from '../model/fleet.ts'
import type { Session } from '../model/session.ts'
import { isInstalled } from './install.ts'
import { refuseOtherSql, wavesOf } from './join.ts'
import type { FleetOptions } from './options.ts'
import { defaultRules } from './options.ts'
import { openQueue } from './queue.ts'
import type { StoredTarget } from './store.ts'
import { listRuns, lockRun, readRun, readTargets, resetTargets } from './store.ts'

/** How far a fleet is; only reads. Throws `fleet-unknown`, naming those that there are. */
export async function readFleet(session: Session, name: string): Promise<FleetReport> {
  if (!(await isInstalled(session))) throw unknown(name, [])
  const stored = await readRun(session, name)
  if (stored === undefined) throw unknown(name, await listRuns(session))
  const targets = await readTargets(session, name)
  return { name, job: stored.job, rules: stored.rules, targets: targets.map(rowOf), changed: false }
}

/** The waves as a run would make them now; only reads. Throws `fleet-differs` where a run would do so whoever else is at work. */
export async function previewFleet(
  session: Session,
  options: Pick<FleetOptions, 'name' | 'job' | 'checksum' | 'targets' | 'rules' | 'skip'>,
): Promise<FleetReport> {
  const { name, job, checksum, skip } = options
  const stored = (await isInstalled(session)) ? await readRun(session, name) : undefined
  const before = stored === undefined ? [] : await readTargets(session, name)
  if (stored !== undefined) refuseOtherSql(stored, options, before)
  const there = stored?.checksum === checksum ? before : []
  const rules = { ...defaultRules, ...stored?.rules, ...options.rules }
  const known = new Set(there.map((target) => target.name))
  const fresh = options.targets.filter((target) => !known.has(target.name)).map((target, at) => added(target.name, there.length + at))
  const all = [...there, ...fresh]
  const waves = wavesOf(all, rules)
  const targets = all.map((target) => ({
    ...rowOf(target),
    wave: waves.get(target.name) ?? 0,
    ...(skip.includes(target.name) ? { state: 'skipped' as const } : {}),
  }))
  return { name, job, rules, targets, changed: false }
}

/** Failed and skipped targets become pending again, for whoever runs the fleet. Gives how many they were. */
export async function retryFleet(session: Session, name: string): Promise<number> {
  await readFleet(session, name)
  const queue = await openQueue((sql, values) => session.query(sql, values), { retryLimit: 0, retryDelaySeconds: 1 })
  await session.script(['begin', `set local lock_timeout = '30s'`])
  try {
    await lockRun(session, name)
    const reset = await resetTargets(session, name, ['failed', 'skipped'])
    await queue.forgetDead(name)
    await session.script(['commit'])
    return reset
  } catch (error) {
    await session.script(['rollback']).catch(() => undefined)
    throw error
  }
}

function rowOf({ position: _position, job: _job, ...row }: StoredTarget): FleetRow {
  return row
}

function added(name: string, position: number): StoredTarget {
  return { name, position, wave: -1, state: 'pending', attempts: 0 }
}

function unknown(name: string, there: readonly string[]): LockkeeperError {
  const hint =
    there.length === 0
      ? 'This control database knows no fleet yet: lockkeeper fleet apply or fleet backfill founds one.'
      : `There are: ${there.join(', ')}.`
  return new LockkeeperError('fleet-unknown', `The control database knows no fleet ${name}.`, { hint })
}
