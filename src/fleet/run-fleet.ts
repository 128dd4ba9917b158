import { LockkeeperError } from '../model/errors.ts'
import type { FleetReport, FleetStop } from '../model/fleet.ts'
import { sleep } from '../std/sleep.ts'
import { Control } from './control.ts'
import { install } from './install.ts'
import { join } from './join.ts'
import { leave } from './machines.ts'
import { Member } from './member.ts'
import type { FleetOptions } from './options.ts'
import { readFleet } from './read-fleet.ts'
import type { FleetQueue } from './queue.ts'
import { openQueue } from './queue.ts'
import { lockRun } from './store.ts'

/**
 * Runs one job in every target of a fleet, wave after wave, together with whatever other machines run the same fleet. Creates the schema
 * `lockkeeper_fleet` in the control database. A target that fails is in the report; thrown is what keeps the fleet itself from running.
 */
export async function runFleet(given: FleetOptions): Promise<FleetReport> {
  // Where one hand cannot go on, the others must stop too, and give their targets back.
  const failing = new AbortController()
  const options = { ...given, signal: AbortSignal.any([given.signal, failing.signal]) }
  await using control = await Control.open({ connect: given.connect, reconnectMs: given.timing.reconnectMs, signal: options.signal })
  const queue = await openQueue((sql, values) => control.session.query(sql, values), given.timing)
  await install(control, queue)
  await control.transaction(async (session) => await join(session, queue, options))
  const member = new Member(options, control, queue)
  const stop = await workAll(member, options, failing)
  await control.transaction(async (session) => await leave(session, options.name, options.machine))
  const report = await control.transaction(async (session) => await readFleet(session, options.name))
  await dropFinished(control, queue, report)
  return { ...report, changed: member.changed, ...(stop === undefined ? {} : { stopped: stop }) }
}

async function workAll(member: Member, options: FleetOptions, failing: AbortController): Promise<FleetStop | undefined> {
  const over = new AbortController()
  const beating = member.beat(over.signal)
  const hands = Array.from({ length: options.concurrency }, () => work(member, options).catch((error: unknown) => stopAll(failing, error)))
  try {
    const stops = await settled(hands)
    return stops.find((stop) => stop !== undefined)
  } finally {
    over.abort()
    await beating
  }
}

function stopAll(failing: AbortController, error: unknown): never {
  failing.abort(new LockkeeperError('interrupted', 'The fleet cannot go on.'))
  throw error
}

/** All have ended, whatever came of it; then the first error counts. */
async function settled<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises)
  return await Promise.all(promises)
}

/** One target at a time, until nothing is left for this machine. */
async function work(member: Member, { signal, timing }: FleetOptions): Promise<FleetStop | undefined> {
  while (!signal.aborted) {
    const turn = await member.turn()
    if (turn.kind === 'over') return turn.stop
    if (turn.kind === 'target') await member.run(turn.target, turn.job)
    if (turn.kind === 'wait') await sleep(timing.pollMs, signal).catch(() => undefined)
  }
  return {
    code: 'interrupted',
    message: 'Interrupted; what was begun can be gone on with.',
    hint: 'Run the same command again: it goes on from here.',
  }
}

/** A queue that is empty for good is a table less in the control database. Best effort: the next run finds it or not. */
async function dropFinished(control: Control, queue: FleetQueue, { name, targets }: FleetReport): Promise<void> {
  if (targets.some((target) => target.state !== 'done' && target.state !== 'skipped')) return
  const drop = control.transaction(async (session) => {
    await session.script([`set local lock_timeout = '2s'`])
    await lockRun(session, name)
    await queue.drop(name)
  })
  await drop.catch(() => undefined)
}
