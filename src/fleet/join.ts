import { LockkeeperError } from '../model/errors.ts'
import type { FleetRules } from '../model/fleet.ts'
import type { Session } from '../model/session.ts'
import { beat, othersAlive } from './machines.ts'
import type { FleetOptions } from './options.ts'
import { defaultRules } from './options.ts'
import type { FleetQueue } from './queue.ts'
import type { StoredRun, StoredTarget } from './store.ts'
import { addTargets, forgetTargets, foundRun, lockRun, readTargets, resetTargets, saveRun, setWaves, skipTargets } from './store.ts'
import type { Placed } from './waves.ts'
import { placeInWaves } from './waves.ts'

export type Joining = Pick<FleetOptions, 'name' | 'job' | 'checksum' | 'targets' | 'rules' | 'skip' | 'machine' | 'timing'>

/**
 * Takes part in a fleet, or founds it. The first machine after all others have gone begins with what failed. Throws `fleet-differs` where
 * machines are at work on the same name with something else, and where targets were done with other SQL of the same backfill.
 */
export async function join(session: Session, queue: FleetQueue, options: Joining): Promise<void> {
  const { name, job, checksum, machine } = options
  await foundRun(session, name, { job, checksum, rules: { ...defaultRules, ...options.rules } })
  const stored = await lockRun(session, name)
  const others = await othersAlive(session, name, { ours: machine, lostAfterMs: options.timing.lostAfterMs })
  if (stored !== undefined && !isSame(stored, options)) await beginAnew(session, queue, { options, stored, others })
  const rules = { ...defaultRules, ...stored?.rules, ...options.rules }
  await saveRun(session, name, { job, checksum, rules })
  await beat(session, name, machine)
  if (others === 0) await tryAgain(session, queue, name)
  await addTargets(
    session,
    name,
    options.targets.map((target) => target.name),
  )
  await leaveOut(session, queue, options)
  await setWaves(session, name, wavesOf(await readTargets(session, name), rules))
}

function isSame({ job, checksum }: StoredRun, options: Joining): boolean {
  return checksum === options.checksum && job.kind === options.job.kind
}

interface Anew {
  readonly options: Joining
  readonly stored: StoredRun
  readonly others: number
}

/** What is run was changed: what was done was done with the former, and every target is asked again. */
async function beginAnew(session: Session, queue: FleetQueue, { options, stored, others }: Anew): Promise<void> {
  const { name } = options
  if (others > 0) throw differs(options, `${others} other ${others === 1 ? 'machine works' : 'machines work'} on it`)
  refuseOtherSql(stored, options, await readTargets(session, name))
  await queue.drop(name)
  await forgetTargets(session, name)
}

/** A backfill does one thing under one name: targets that have done it would refuse the other SQL one by one. */
export function refuseOtherSql({ job, checksum }: StoredRun, here: Here, targets: readonly StoredTarget[]): void {
  if (checksum === here.checksum || job.kind !== 'backfill' || here.job.kind !== 'backfill' || job.name !== here.job.name) return
  const begun = targets.filter(({ state }) => state === 'done' || state === 'running').length
  if (begun === 0) return
  throw differs(here, `${begun} ${begun === 1 ? 'target has' : 'targets have'} begun or done it`, {
    hint: 'Give the same --sql, --verify and --triggers as before, or give this backfill another name.',
  })
}

type Here = Pick<Joining, 'name' | 'job' | 'checksum'>

export function differs({ name, job }: Pick<Here, 'name' | 'job'>, who: string, more: { readonly hint?: string } = {}): LockkeeperError {
  const what = job.kind === 'apply' ? 'of other migrations than the ones' : 'of another backfill, or of other SQL, than the one'
  return new LockkeeperError('fleet-differs', `The fleet ${name} is ${what} here, and ${who}.`, more)
}

async function tryAgain(session: Session, queue: FleetQueue, name: string): Promise<void> {
  if ((await resetTargets(session, name, ['failed'])) > 0) await queue.forgetDead(name)
}

async function leaveOut(session: Session, queue: FleetQueue, { name, skip }: Joining): Promise<void> {
  if (skip.length === 0) return
  const targets = await readTargets(session, name)
  for (const each of skip) {
    const target = targets.find((candidate) => candidate.name === each)
    if (target === undefined) throw new LockkeeperError('fleet-targets-invalid', `--skip: the fleet has no target ${each}.`)
    if (target.job !== undefined && target.state === 'pending') await queue.remove(name, target.job)
  }
  await skipTargets(session, name, skip)
}

export function wavesOf(targets: readonly StoredTarget[], rules: FleetRules): ReadonlyMap<string, number> {
  return placeInWaves(targets.map(placedOf), rules)
}

// -1: it was added just now.
function placedOf({ name, wave, state, job, attempts }: StoredTarget): Placed {
  return { name, state, queued: job !== undefined, attempts, ...(wave < 0 ? {} : { wave }) }
}
