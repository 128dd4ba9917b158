import { LockkeeperError } from '../model/errors.ts'
import type { FleetEvent, FleetTarget } from '../model/fleet.ts'
import type { Session } from '../model/session.ts'
import type { TargetDone } from './options.ts'
import { isTransient } from './options.ts'
import type { FleetQueue } from './queue.ts'
import { endTarget, isHeld } from './store.ts'

/** What a machine did with a target, before it is written down. */
export type Outcome =
  | { readonly kind: 'done'; readonly done: TargetDone; readonly ms: number }
  /** Stopped by a signal: nobody's fault, and no attempt is counted. */
  | { readonly kind: 'released' }
  | { readonly kind: 'failed'; readonly error: LockkeeperError; readonly ms: number }

export interface Ours {
  readonly fleet: string
  readonly machine: string
  readonly name: string
  readonly job: string
}

interface Concluding {
  readonly ours: Ours
  readonly outcome: Outcome
}

/** Writes row and job in one transaction. Undefined where the target has meanwhile been given to another machine. */
export async function conclude(session: Session, queue: FleetQueue, { ours, outcome }: Concluding): Promise<FleetEvent | undefined> {
  const { fleet, name, job } = ours
  if (!(await isHeld(session, fleet, ours))) return undefined
  switch (outcome.kind) {
    case 'done':
      await endTarget(session, fleet, { name, ending: { state: 'done', queued: false, ms: outcome.ms, ...outcome.done } })
      await queue.complete(fleet, job)
      return { type: 'target-done', target: name, ...outcome.done, ms: outcome.ms }
    case 'released':
      await endTarget(session, fleet, { name, ending: { state: 'pending', queued: false, code: 'interrupted' } })
      await queue.remove(fleet, job)
      return undefined
    case 'failed':
      return await concludeFailed(session, queue, { ours, failed: outcome })
  }
}

interface Failed {
  readonly ours: Ours
  readonly failed: Extract<Outcome, { readonly kind: 'failed' }>
}

async function concludeFailed(session: Session, queue: FleetQueue, { ours, failed }: Failed): Promise<FleetEvent> {
  const { code, message, hint } = failed.error
  const why: Why = { code, message, hint, ms: failed.ms }
  const state = isTransient(code) ? await giveBack(session, queue, { ours, why }) : await bury(session, queue, { ours, why })
  return { type: state === 'failed' ? 'target-failed' : 'target-retrying', target: ours.name, code, message }
}

interface Why {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly ms?: number
}

interface GivenBack {
  readonly ours: Ours
  readonly why: Why
}

async function bury(session: Session, queue: FleetQueue, { ours, why }: GivenBack): Promise<'failed'> {
  await endTarget(session, ours.fleet, { name: ours.name, ending: { state: 'failed', queued: false, ...why } })
  await queue.bury(ours.fleet, { id: ours.job, target: ours.name }, why)
  return 'failed'
}

/** Into the queue again, as often as the queue allows it. */
export async function giveBack(session: Session, queue: FleetQueue, { ours, why }: GivenBack): Promise<'pending' | 'failed'> {
  const became = await queue.retry(ours.fleet, ours.job, why)
  const state = became === 'failed' ? 'failed' : 'pending'
  await endTarget(session, ours.fleet, { name: ours.name, ending: { state, queued: became === 'retry', ...why } })
  return state
}

/** Any thrown value as an error that may be stored: without the password, should something have put it into a message. */
export function storable(error: unknown, { url }: FleetTarget): LockkeeperError {
  const known =
    error instanceof LockkeeperError ? error : new LockkeeperError('internal', error instanceof Error ? error.message : String(error))
  const { password, username, pathname } = new URL(url)
  // One that is also the name of the user or the database is no secret, and the message could not be read without it.
  if (password === '' || password === username || `/${password}` === pathname) return known
  const clean = (text: string) => [password, decoded(password)].reduce((left, secret) => left.replaceAll(secret, '***'), text)
  return new LockkeeperError(known.code, clean(known.message), { hint: clean(known.hint), details: known.details })
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
