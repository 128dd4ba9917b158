import type { Hold } from '../backfill/hold.ts'
import { openHold } from '../backfill/hold.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import type { ThrottleKind } from '../model/throttle.ts'
import type { HoldFor } from '../run/options.ts'
import { nearest } from '../std/nearest.ts'
import { throttles } from '../throttles/index.ts'
import type { Connection } from './target.ts'

/** One throttle as the user wrote it: `replica-lag=10s`. */
export interface ThrottleChoice {
  readonly kind: ThrottleKind
  readonly value: string
}

/** Throws `usage` where it is not ID=VALUE, or no throttle has that id. */
export function readThrottle(text: string): ThrottleChoice {
  const at = text.indexOf('=')
  const id = (at < 0 ? text : text.slice(0, at)).trim()
  const kind = throttles.find((each) => each.id === id)
  if (kind === undefined) throw unknown(id)
  if (at < 0)
    throw new LockkeeperError('usage', `--throttle ${id} needs a value.`, { hint: `Write it as --throttle "${id}=${kind.example}".` })
  return { kind, value: text.slice(at + 1).trim() }
}

function unknown(id: string): LockkeeperError {
  const ids = throttles.map((each) => each.id)
  const near = nearest(id, ids)
  const hint = near === undefined ? `There are ${ids.join(', ')}.` : `Did you mean ${near}?`
  return new LockkeeperError('usage', `There is no throttle "${id.slice(0, 40)}".`, { hint })
}

export interface OpenThrottles extends AsyncDisposable {
  readonly holdFor: HoldFor
}

interface Wanted {
  readonly engine: Engine
  readonly connection: Connection
  readonly replicas: readonly Connection[]
  readonly choices: readonly ThrottleChoice[]
  readonly signal: AbortSignal
}

/**
 * Opens a session of their own for the throttles, on the server and on each replica, and opens them anew where they were lost: until then the
 * throttles hold. Throws `usage` for a value that is none.
 */
export async function openThrottles(wanted: Wanted): Promise<OpenThrottles> {
  if (wanted.choices.length === 0)
    return { holdFor: () => () => Promise.resolve(undefined), [Symbol.asyncDispose]: () => Promise.resolve() }
  const sessions = await Sessions.open(wanted)
  const holdFor: HoldFor = (relation, ours) => {
    let hold = sessions.hold(relation, ours)
    return async (signal) => {
      const reading = await hold.ask(signal)
      if (reading !== undefined && (await sessions.renewed())) hold = sessions.hold(relation, ours)
      return reading
    }
  }
  // A value that is none is told before the first row, not at the first batch.
  sessions.hold('pg_catalog.pg_class', () => [])
  return { holdFor, [Symbol.asyncDispose]: () => sessions.close() }
}

/** The sessions of the throttles, for as long as the run lasts. */
class Sessions {
  readonly #wanted: Wanted
  #open: readonly Session[]
  #askedAt = performance.now()

  private constructor(wanted: Wanted, open: readonly Session[]) {
    this.#wanted = wanted
    this.#open = open
  }

  static async open(wanted: Wanted): Promise<Sessions> {
    return new Sessions(wanted, await connectAll(wanted))
  }

  hold(relation: string, ours: () => readonly number[]): Hold {
    const [session, ...replicas] = this.#open as [Session, ...Session[]]
    const context = { session, replicas, relation, ours: () => [...ours(), session.pid], signal: this.#wanted.signal }
    return openHold(this.#wanted.choices.map(({ kind, value }) => kind.open(value, context)))
  }

  /** Looks now and then whether the sessions still live; true where they are new. */
  async renewed(): Promise<boolean> {
    if (performance.now() - this.#askedAt < lookEveryMs) return false
    this.#askedAt = performance.now()
    const alive = await Promise.all(
      this.#open.map((session) =>
        session.query('select 1 as one').then(
          () => true,
          () => false,
        ),
      ),
    )
    if (alive.every(Boolean)) return false
    const fresh = await connectAll(this.#wanted).catch(() => undefined)
    if (fresh === undefined) return false
    await this.close()
    this.#open = fresh
    return true
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#open.map((session) => session.close()))
  }
}

const lookEveryMs = 2_000

async function connectAll({ engine, connection, replicas, signal }: Wanted): Promise<readonly Session[]> {
  const sessions: Session[] = []
  try {
    for (const each of [connection, ...replicas])
      sessions.push(await engine.connect({ ...each, applicationName: 'lockkeeper throttles', signal }))
    return sessions
  } catch (error) {
    await Promise.allSettled(sessions.map((session) => session.close()))
    throw error
  }
}
