import type { Chunk, CodeOpened, ReadRow } from '../model/backfill.ts'
import type { CodeBatch, CodeWork } from './code-batch.ts'
import type { BackfillRow } from './define-backfill.ts'
import type { Walker } from './walker.ts'

export interface Call {
  readonly walker: Walker
  readonly work: CodeWork
  readonly code: CodeBatch
  readonly chunk: Chunk
  readonly rows: readonly ReadRow[]
}

/** Limits of a transaction: it holds the rows of a batch, for which the application waits. */
export const codeLimits = { lockTimeoutMs: 30, statementTimeoutMs: 5_000, openMs: 10_000 } as const

/** One call of the user's code, with its transaction, its time and its lease. */
export class CodeTurn {
  /** How its transaction began; undefined where it has asked nothing. */
  opened: CodeOpened | undefined
  /** Of its first query that failed. */
  failure: unknown
  isLeaseLost = false
  readonly #call: Call
  /** Its time is over, its lease is lost, or the worker is to stop. */
  readonly #stop = new AbortController()
  readonly #signal: AbortSignal
  #openedAt: number | undefined
  #workingSince: number | undefined
  #isClosed = false
  /** Queries go one after the other. */
  #last: Promise<unknown> = Promise.resolve()
  #beat: Promise<unknown> = Promise.resolve()
  #openLimit: NodeJS.Timeout | undefined

  constructor(call: Call) {
    this.#call = call
    this.#signal = AbortSignal.any([call.walker.job.signal, this.#stop.signal])
  }

  /** It had too much time. */
  get isOver(): boolean {
    return this.#stop.signal.aborted
  }

  /** How long it worked with rows locked; without what each transaction costs however few they are, which smaller batches would only multiply. */
  workMs = 0

  /** What it threw, if it did. No query of it is under way afterwards, and none can come. */
  async run(): Promise<{ readonly error: unknown } | undefined> {
    const { code, rows, walker } = this.#call
    const beating = setInterval(() => (this.#beat = this.#keepLease()), walker.job.leaseMs / 4)
    const limit = setTimeout(() => this.#stop.abort(new Error(`it took longer than ${code.timeoutMs} ms`)), code.timeoutMs)
    const tx = { query: (sql: string, values?: readonly unknown[]) => this.#query(sql, values), signal: this.#signal }
    try {
      const given = rows.map(({ values }) => values)
      await Promise.race([this.#stopped(), Promise.resolve().then(() => code.run(given, tx))])
      return undefined
    } catch (error) {
      return { error }
    } finally {
      this.#isClosed = true
      this.workMs = this.#workingSince === undefined ? 0 : performance.now() - this.#workingSince
      clearInterval(beating)
      clearTimeout(limit)
      await Promise.allSettled([this.#last, this.#beat])
      clearTimeout(this.#openLimit)
    }
  }

  #stopped(): Promise<never> {
    return new Promise((_, reject) => {
      if (this.#signal.aborted) reject(this.#signal.reason as Error)
      this.#signal.addEventListener('abort', () => reject(this.#signal.reason as Error), { once: true })
    })
  }

  /** Not while its transaction is open: that holds the chunk's row, behind which this would wait. */
  async #keepLease(): Promise<void> {
    const { walker, chunk } = this.#call
    if (this.#openedAt !== undefined || this.#isClosed) return
    const { job } = walker
    const said = await job.control.beat(job.key, chunk, { leaseMs: job.leaseMs }).catch(() => undefined)
    if (said?.kept !== false) return
    this.isLeaseLost = true
    this.#stop.abort(new Error('another worker has taken these rows over'))
  }

  #query(sql: string, values: readonly unknown[] = []): Promise<readonly BackfillRow[]> {
    const answer = this.#last.then(() => this.#send(sql, values))
    this.#last = answer.catch((error: unknown) => (this.failure ??= error))
    return answer
  }

  async #send(sql: string, values: readonly unknown[]): Promise<readonly BackfillRow[]> {
    if (this.#isClosed) throw new Error('run has returned: its transaction is over')
    this.#signal.throwIfAborted()
    await this.#open()
    const { session } = this.#call.walker.job
    return await session.query(sql, values, { statementTimeoutMs: codeLimits.statementTimeoutMs, signal: this.#signal })
  }

  async #open(): Promise<void> {
    if (this.opened?.kind === 'open') return
    if (this.opened !== undefined) throw notOpen(this.opened)
    const { walker, work, chunk, rows } = this.#call
    const { job } = walker
    this.#openedAt = performance.now()
    await this.#beat
    this.opened = await job.store.openCode(job.key, {
      chunk,
      work,
      only: job.definition.walk.by === 'pages',
      rows: rows.map(({ version }) => version),
      limits: {
        lockTimeoutMs: Math.min(job.lockBudgetMs, codeLimits.lockTimeoutMs),
        statementTimeoutMs: codeLimits.statementTimeoutMs,
        // Where the whole process hangs, the server ends it a little later.
        idleMs: codeLimits.openMs + 5_000,
      },
    })
    if (this.opened.kind !== 'open') throw notOpen(this.opened)
    this.#workingSince = performance.now()
    const over = (): void => this.#stop.abort(new Error(`its transaction was open for longer than ${codeLimits.openMs} ms`))
    this.#openLimit = setTimeout(over, codeLimits.openMs)
  }
}

function notOpen({ kind }: CodeOpened): Error {
  return new Error(kind === 'moved' ? 'a row of the batch was changed meanwhile: run is called again' : 'another worker has these rows')
}
