import type { Session } from '../model/session.ts'
import { jitter, sleep } from '../std/sleep.ts'

export interface ControlOptions {
  readonly connect: () => Promise<Session>
  /** How long the control database may stay away before this machine gives up. */
  readonly reconnectMs: number
  readonly signal: AbortSignal
}

/** Longer than the server lets a machine that hangs in its transaction hold the lock of the fleet (idle_in_transaction_session_timeout, 60 s). */
const limits = [`set local lock_timeout = '90s'`, `set local statement_timeout = '120s'`]

/**
 * This machine's one session of the control database. Its transactions come one after the other; where the connection is lost, a new one is
 * opened and the transaction is run again, so what it does must bear being done twice: whether the first was committed nobody can tell.
 */
export class Control implements AsyncDisposable {
  readonly #options: ControlOptions
  #session: Session
  #last: Promise<unknown> = Promise.resolve()

  private constructor(options: ControlOptions, session: Session) {
    this.#options = options
    this.#session = session
  }

  static async open(options: ControlOptions): Promise<Control> {
    return new Control(options, await options.connect())
  }

  /** The session as of now; for who is inside of `alone` or `transaction`. */
  get session(): Session {
    return this.#session
  }

  async transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return await this.alone(async (session) => {
      await session.script(['begin', ...limits])
      try {
        const result = await work(session)
        await session.script(['commit'])
        return result
      } catch (error) {
        await session.script(['rollback']).catch(() => undefined)
        throw error
      }
    })
  }

  /** Without a transaction around it. */
  alone<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const mine = this.#last.then(() => this.#withReconnect(work))
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #withReconnect<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const deadline = Date.now() + this.#options.reconnectMs
    for (;;) {
      try {
        return await work(this.#session)
      } catch (error) {
        const failure = this.#session.classify(error)
        // Two fleets whose queues are made or dropped at once: pg-boss keeps all of them in one partitioned table.
        if (failure === 'deadlock' && Date.now() < deadline) continue
        if (failure !== 'connection-lost') throw error
        await this.#reopen(error, deadline)
      }
    }
  }

  async #reopen(lost: unknown, deadline: number): Promise<void> {
    await this.#session.close().catch(() => undefined)
    for (;;) {
      try {
        this.#session = await this.#options.connect()
        return
      } catch {
        // Who was told to stop must not wait for a server that is away: the targets' own journals know all that matters.
        if (Date.now() > deadline || this.#options.signal.aborted) throw lost
        await sleep(jitter(500))
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#last
    await this.#session.close().catch(() => undefined)
  }
}
