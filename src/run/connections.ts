import { LockkeeperError } from '../model/errors.ts'
import type { Blocker } from '../model/event.ts'
import type { TableLock } from '../model/facts.ts'
import type { RunLockHolder, Session } from '../model/session.ts'
import { runSessionNames } from '../model/session.ts'
import { jitter, sleep } from '../std/sleep.ts'
import type { RunOptions } from './options.ts'

type Wanted = Pick<RunOptions, 'engine' | 'connect' | 'replicas' | 'runLockTimeoutMs' | 'reconnectMs' | 'terminateOrphan' | 'signal'>

/**
 * The two sessions of a run: `control`, opened first so that a full server can still be told to stop, and `work`, which
 * holds the run lock and does everything. A free run lock therefore means that no backend of ours works (H14).
 */
export class Connections implements AsyncDisposable {
  readonly #options: Wanted
  #work: Session
  #control: Session
  #replicas: readonly Session[]

  private constructor(options: Wanted, { work, control, replicas }: Opened) {
    this.#options = options
    this.#work = work
    this.#control = control
    this.#replicas = replicas
  }

  /** Throws `run-locked` or `orphan-running` where the lock is not to be had in time, and what connecting throws. */
  static async open(options: Wanted): Promise<Connections> {
    return new Connections(options, await openAll(options, options.runLockTimeoutMs))
  }

  get work(): Session {
    return this.#work
  }

  get control(): Session {
    return this.#control
  }

  /** How many replicas are asked who is in the way. */
  get replicaCount(): number {
    return this.#replicas.length
  }

  /** Who holds, or waits for, a lock that conflicts with any of these: on the server, and on every replica, where ours will be replayed. */
  async blockers(locks: readonly TableLock[]): Promise<readonly Blocker[]> {
    const [here, ...there] = await Promise.all([
      this.#control.blockers(locks, this.ours),
      ...this.#replicas.map((replica) => blockersOn(replica, locks)),
    ])
    return [...(here ?? []), ...there.flat()]
  }

  get ours(): readonly number[] {
    return [this.#work.pid, this.#control.pid]
  }

  /** After a lost connection: waits for the server to come back, for our old backend to be gone, and takes the lock again. */
  async renew(): Promise<void> {
    await this.#closeQuietly()
    const deadline = Date.now() + this.#options.reconnectMs
    const opened = await retryUntil(deadline, this.#options.signal, () => openAll(this.#options, Math.max(0, deadline - Date.now())))
    this.#work = opened.work
    this.#control = opened.control
    this.#replicas = opened.replicas
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closeQuietly()
  }

  async #closeQuietly(): Promise<void> {
    await Promise.allSettled([this.#work, this.#control, ...this.#replicas].map((session) => session.close()))
  }
}

interface Opened {
  readonly work: Session
  readonly control: Session
  readonly replicas: readonly Session[]
}

/** The replicas first: where one cannot be asked, nothing is begun. */
async function openAll(options: Wanted, lockTimeoutMs: number): Promise<Opened> {
  const { engine, signal } = options
  const replicas: Session[] = []
  try {
    for (const replica of options.replicas ?? [])
      replicas.push(await engine.connect({ ...replica, applicationName: runSessionNames.control, signal }))
    return { ...(await openBoth(options, lockTimeoutMs)), replicas }
  } catch (error) {
    await Promise.allSettled(replicas.map((session) => session.close()))
    throw error
  }
}

/** Transactions of two servers may have the same number. */
async function blockersOn(replica: Session, locks: readonly TableLock[]): Promise<readonly Blocker[]> {
  const server = `${replica.target.host}:${replica.target.port}`
  const found = await replica.blockers(locks, [replica.pid])
  return found.map((blocker) => ({ ...blocker, server, transaction: `${server} ${blocker.transaction}` }))
}

async function openBoth(options: Wanted, lockTimeoutMs: number): Promise<Omit<Opened, 'replicas'>> {
  const { engine, connect, signal } = options
  const control = await engine.connect({ ...connect, applicationName: runSessionNames.control, signal })
  try {
    const work = await engine.connect({ ...connect, applicationName: runSessionNames.work, control, signal })
    try {
      await takeRunLock({ work, control, lockTimeoutMs, options })
      return { work, control }
    } catch (error) {
      await work.close()
      throw error
    }
  } catch (error) {
    await control.close()
    throw error
  }
}

interface Taking {
  readonly work: Session
  readonly control: Session
  readonly lockTimeoutMs: number
  readonly options: Wanted
}

/** By trying, never by waiting: a waiter would hold a snapshot that a concurrent index build waits for. */
async function takeRunLock({ work, control, lockTimeoutMs, options }: Taking): Promise<void> {
  const deadline = Date.now() + lockTimeoutMs
  while (!(await work.tryRunLock())) {
    const holder = await control.runLockHolder([work.pid])
    if (holder === undefined) continue
    if (holder.orphan && options.terminateOrphan) await control.cancel(holder.pid, 'terminate')
    else if (Date.now() >= deadline + (holder.orphan ? orphanGraceMs : 0)) throw lockedBy(holder)
    await sleep(jitter(100), options.signal)
  }
}

/** A killed runner's backend notices within client_connection_check_interval (2 s) that nobody listens. */
const orphanGraceMs = 5_000

function lockedBy(holder: RunLockHolder): LockkeeperError {
  const doing = holder.query === '' ? holder.state : `${holder.state}: ${holder.query}`
  if (holder.orphan)
    return new LockkeeperError('orphan-running', `a backend of an ended lockkeeper still works: pid ${holder.pid} (${doing})`, {
      details: { pid: holder.pid, query: holder.query },
    })
  return new LockkeeperError('run-locked', `another lockkeeper works on this database: pid ${holder.pid} (${doing})`, {
    details: { pid: holder.pid, query: holder.query },
  })
}

const worthWaiting = new Set(['unreachable', 'connection-lost', 'too-many-connections', 'orphan-running'])

async function retryUntil<T>(deadline: number, signal: AbortSignal, open: () => Promise<T>): Promise<T> {
  for (let pauseMs = 50; ; pauseMs = Math.min(1_000, pauseMs * 2)) {
    try {
      return await open()
    } catch (error) {
      const again = error instanceof LockkeeperError && worthWaiting.has(error.code) && Date.now() < deadline
      if (!again) throw error
    }
    await sleep(jitter(pauseMs), signal)
  }
}
