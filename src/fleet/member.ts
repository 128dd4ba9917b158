import { LockkeeperError } from '../model/errors.ts'
import type { FleetEvent, FleetStop, FleetTarget } from '../model/fleet.ts'
import type { Session } from '../model/session.ts'
import { sleep } from '../std/sleep.ts'
import type { Control } from './control.ts'
import type { Outcome, Ours } from './ending.ts'
import { conclude, giveBack, storable } from './ending.ts'
import { differs } from './join.ts'
import { beat, lostTargets, othersAlive, outlook } from './machines.ts'
import type { FleetOptions } from './options.ts'
import type { FleetQueue, QueuedJob } from './queue.ts'
import type { Move } from './waves.ts'
import { nextMove } from './waves.ts'
import { enqueueWave, lockRun, setJob, startTarget, tallies } from './store.ts'

/** What a free hand of this machine is to do next. */
export type Turn =
  | { readonly kind: 'target'; readonly target: FleetTarget; readonly job: string }
  /** Look again at once: a wave was opened. */
  | { readonly kind: 'again' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'over'; readonly stop?: FleetStop }

interface Decided {
  readonly turn: Turn
  readonly events: readonly FleetEvent[]
}

const silently = (turn: Turn): Decided => ({ turn, events: [] })

/** This machine as a member of a fleet: it takes targets, says how they ended, and tells others that it is alive. */
export class Member {
  /** Whether this machine committed anything in a target. */
  changed = false
  readonly #options: FleetOptions
  readonly #control: Control
  readonly #queue: FleetQueue
  readonly #known: ReadonlyMap<string, FleetTarget>
  /** Targets that this machine works on now. */
  readonly #working = new Set<string>()
  readonly #named = new Set<string>()
  #strangersSince: number | undefined

  constructor(options: FleetOptions, control: Control, queue: FleetQueue) {
    this.#options = options
    this.#control = control
    this.#queue = queue
    this.#known = new Map(options.targets.map((target) => [target.name, target]))
  }

  /** Decides under the lock of the fleet's row, so that no machine opens a wave or takes a target that another one has just stopped. */
  async turn(): Promise<Turn> {
    let booked: string | undefined
    const forget = () => (booked === undefined ? false : this.#working.delete(booked))
    const decide = async (session: Session) => {
      // Run again after a lost connection, it may take another one; the first, if it was committed, is found by the next beat.
      forget()
      const decided = await this.#decide(session)
      booked = decided.turn.kind === 'target' ? decided.turn.target.name : undefined
      return decided
    }
    const { turn, events } = await this.#control.transaction(decide).catch((error: unknown) => {
      forget()
      throw error
    })
    events.forEach((event) => this.#options.listener(event))
    return turn
  }

  async #decide(session: Session): Promise<Decided> {
    const { name, checksum } = this.#options
    const stored = await lockRun(session, name)
    if (stored?.checksum !== checksum) throw differs(this.#options, 'another machine has begun it anew')
    const move = nextMove(await tallies(session, name), stored.rules)
    switch (move.kind) {
      case 'end':
        return silently({ kind: 'over' })
      case 'stop':
        return silently({ kind: 'over', stop: spent(move) })
      case 'open':
        return await this.#open(session, move.wave)
      case 'take':
        return (await this.#take(session)) ?? (await this.#look(session))
      case 'wait':
        return await this.#look(session)
    }
  }

  async #open(session: Session, wave: number): Promise<Decided> {
    const { name } = this.#options
    await this.#queue.open(name)
    const opened = await enqueueWave(session, name, wave)
    await this.#queue.add(
      name,
      opened.map((target) => ({ id: target.job ?? '', target: target.name, priority: -target.position })),
    )
    return { turn: { kind: 'again' }, events: [{ type: 'wave-opened', wave, targets: opened.length }] }
  }

  async #take(session: Session): Promise<Decided | undefined> {
    const { name, machine } = this.#options
    const job = await this.#queue.take(name)
    if (job === undefined) return undefined
    const target = this.#known.get(job.target)
    if (target === undefined) return await this.#leaveToOthers(session, job)
    // Before the commit: from then on others may ask whether we work on it.
    this.#working.add(target.name)
    const started = await startTarget(session, name, { name: target.name, machine })
    this.#strangersSince = undefined
    return { turn: { kind: 'target', target, job: job.id }, events: [{ type: 'target-started', target: target.name, ...started }] }
  }

  /** Our list does not have it: it goes back, hidden for a moment so that we come to what lies behind it, and no attempt is counted. */
  async #leaveToOthers(session: Session, job: QueuedJob): Promise<Decided> {
    const { name } = this.#options
    const again = { ...job, id: crypto.randomUUID() }
    await this.#queue.remove(name, job.id)
    await this.#queue.add(name, [again], hiddenSeconds)
    await setJob(session, name, { name: job.target, job: again.id })
    const { turn } = await this.#look(session)
    if (this.#named.has(job.target)) return silently(turn)
    this.#named.add(job.target)
    return { turn, events: [{ type: 'target-unknown', target: job.target }] }
  }

  /** Nothing can be taken now. Is there anything left that this machine will ever take? */
  async #look(session: Session): Promise<Decided> {
    const { name, machine, timing } = this.#options
    const { ours, oursInAll, names } = await outlook(session, name, [...this.#known.keys()])
    if (oursInAll === 0) return silently({ kind: 'over' })
    const alone = ours === 0 && (await othersAlive(session, name, { ours: machine, lostAfterMs: timing.lostAfterMs })) === 0
    this.#strangersSince = alone ? (this.#strangersSince ?? performance.now()) : undefined
    const tooLong = this.#strangersSince !== undefined && performance.now() - this.#strangersSince > timing.strangersMs
    return silently(tooLong ? { kind: 'over', stop: strangers(names) } : { kind: 'wait' })
  }

  /** Runs the job in one target and writes down what became of it. Never rejects for what the target did. */
  async run(target: FleetTarget, job: string): Promise<void> {
    const { name, machine, listener } = this.#options
    const ours: Ours = { fleet: name, machine, name: target.name, job }
    try {
      const outcome = await this.#outcome(target)
      const event = await this.#control.transaction(async (session) => {
        await lockRun(session, name)
        return await conclude(session, this.#queue, { ours, outcome })
      })
      if (event !== undefined) listener(event)
    } finally {
      this.#working.delete(target.name)
    }
  }

  async #outcome(target: FleetTarget): Promise<Outcome> {
    const { runTarget, signal } = this.#options
    const began = performance.now()
    const ms = () => Math.round(performance.now() - began)
    try {
      const done = await runTarget(target, signal)
      if (done.steps > 0) this.changed = true
      return { kind: 'done', done, ms: ms() }
    } catch (error) {
      if (error instanceof LockkeeperError && error.details['committed'] === true) this.changed = true
      if (signal.aborted) return { kind: 'released' }
      return { kind: 'failed', error: storable(error, target), ms: ms() }
    }
  }

  /** Says every few seconds that this machine is alive, and takes back what lost ones hold; until the signal. */
  async beat(until: AbortSignal): Promise<void> {
    while (!until.aborted) {
      // Where the control database stays away, whoever takes or ends a target says so.
      const events = await this.#control.transaction(async (session) => await this.#beatOnce(session)).catch(() => [])
      events.forEach((event) => this.#options.listener(event))
      await sleep(this.#options.timing.beatMs, until).catch(() => undefined)
    }
  }

  async #beatOnce(session: Session): Promise<readonly FleetEvent[]> {
    const { name, machine, timing } = this.#options
    await lockRun(session, name)
    await beat(session, name, machine)
    const lost = await lostTargets(session, name, { ours: machine, lostAfterMs: timing.lostAfterMs, working: [...this.#working] })
    const events: FleetEvent[] = []
    for (const { name: target, machine: gone, job } of lost) {
      const why = { code: 'fleet-machine-lost', message: `${gone} has not been heard of while it worked on ${target}`, hint: lostHint }
      await giveBack(session, this.#queue, { ours: { fleet: name, machine: gone, name: target, job }, why })
      events.push({ type: 'machine-lost', target, machine: gone })
    }
    return events
  }
}

const hiddenSeconds = 3
const lostHint = 'Look why the machine ended. The target is taken up by another one, which goes on from its journal.'

function spent({ why, failed, budget }: Extract<Move, { readonly kind: 'stop' }>): FleetStop {
  const message =
    why === 'canary'
      ? `${failed === 1 ? 'A canary' : `${failed} canaries`} failed: no wave is opened after it.`
      : `${failed} ${failed === 1 ? 'target' : 'targets'} failed, and the budget is ${budget}: nothing more is begun.`
  return {
    code: 'fleet-budget-spent',
    message,
    hint: 'Mend what failed, then run the same command again: it begins with those. Or leave one out with --skip NAME.',
  }
}

function strangers(names: readonly string[]): FleetStop {
  const some = names.slice(0, 5).join(', ')
  return {
    code: 'fleet-targets-unknown',
    message: `The wave waits for ${names.length} that the list of this machine does not have (${some}${names.length > 5 ? ', ...' : ''}), and no other machine is at work.`,
    hint: 'Run it on a machine whose list has them, or leave them out with --skip NAME.',
  }
}
