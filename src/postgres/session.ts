import type { Catalog } from '../model/catalog.ts'
import type { Citus } from '../model/citus.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Blocker } from '../model/event.ts'
import type { TableLock } from '../model/facts.ts'
import type { Server } from '../model/server.ts'
import type {
  Attempt,
  AttemptOutcome,
  ConnectOptions,
  Failure,
  Leaf,
  Limits,
  Need,
  Prepared,
  Row,
  RunLockHolder,
  ScriptResult,
  Session,
  Target,
} from '../model/session.ts'
import { attemptMessage, heldMsOf, needsNoExplicitLock } from './attempt.ts'
import { readCatalog } from './catalog.ts'
import { readCitus } from './citus.ts'
import type { DriverClient, DriverResult } from './client.ts'
import { readConnectionUrl } from './connection-url.ts'
import { classifyFailure, isFromServer } from './failures.ts'
import { readBlockers, readOlderSnapshots, readWaits } from './lock-waits.ts'
import { prepareOn } from './prepare.ts'
import { postgresDialect } from './quote.ts'
import { refuseTransactionPooler } from './pooler.ts'
import { namesTaken, readLeaves } from './leaves.ts'
import { readStandbys, refuseReadOnly } from './replication.ts'
import { missingRights } from './rights.ts'
import { readRunLockHolder, runLockSql } from './run-lock.ts'
import { readServer } from './server.ts'

/**
 * Opens one backend of our own and makes it a good citizen (law 6): named, ended by the server when left in a transaction,
 * with no timeout inherited from the role. Throws with the reason: unreachable, auth-failed, tls-failed, database-missing,
 * too-many-connections, server-unsupported, no-rights (for --role).
 */
export async function connect(options: ConnectOptions): Promise<PostgresSession> {
  const url = readConnectionUrl(options.url)
  // Most checks never connect: they need not load the driver.
  const { open } = await import('./client.ts')
  const client = await open(url, options)
  try {
    const server = await readServer(async (sql) => (await client.query<Row>(sql)).rows)
    await refuseTransactionPooler({ client, pid: server.pid, target: url.target, open: () => open(url, options) })
    const session = new PostgresSession(client, server, { target: url.target, control: options.control })
    await settle(session, options)
    return session
  } catch (error) {
    await client.end().catch(() => undefined)
    throw error
  }
}

/** How long a dead client may go unnoticed while its statement runs (client_connection_check_interval, PostgreSQL 14). */
const noticeDeadClientMs = 2_000
/** A runner that hangs between two messages must not hold its locks for ever. */
const idleInTransactionMs = 60_000

async function settle(session: PostgresSession, options: ConnectOptions): Promise<void> {
  const settings = [
    `set statement_timeout = 0`,
    `set lock_timeout = 0`,
    // A stricter default of the database or the role would end a batch, or a lease, wherever workers meet.
    `set default_transaction_isolation = 'read committed'`,
    `set idle_in_transaction_session_timeout = ${idleInTransactionMs}`,
    ...(session.server.version >= 14 ? [`set client_connection_check_interval = ${noticeDeadClientMs}`] : []),
    ...(options.role === undefined ? [] : [`set role ${postgresDialect.name(options.role)}`]),
    ...(options.schema === undefined ? [] : [`set search_path = ${postgresDialect.name(options.schema)}`]),
  ]
  try {
    await session.script(settings)
  } catch (error) {
    if (options.role === undefined || error instanceof LockkeeperError) throw error
    throw new LockkeeperError(
      'no-rights',
      `cannot become role ${options.role}: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    )
  }
}

/** One backend, for as long as it lives. */
export class PostgresSession implements Session {
  readonly dialect = postgresDialect
  readonly server: Server
  readonly target: Target
  readonly pid: number
  readonly #client: DriverClient
  readonly #control: Session | undefined
  /** 0: none. Kept to send SET only when it changes, and to tell a timeout from a cancel. */
  #statementTimeoutMs = 0
  #lost = false
  /** Relations for which LOCK TABLE is refused: no right to it, or no table. Their statement takes the lock itself. */
  readonly #notLockable = new Set<string>()

  constructor(
    client: DriverClient,
    { pid, ...server }: Server & { readonly pid: number },
    { target, control }: { readonly target: Target; readonly control: Session | undefined },
  ) {
    this.#client = client
    this.server = server
    this.pid = pid
    this.target = target
    this.#control = control
    client.on('error', () => (this.#lost = true))
    client.on('end', () => (this.#lost = true))
  }

  async query(sql: string, values: readonly unknown[] = [], limits: Limits = {}): Promise<readonly Row[]> {
    const [result] = await this.#send(() => this.#client.query<Row>(sql, [...values]), limits)
    return result?.rows ?? []
  }

  async script(statements: readonly string[], limits: Limits = {}): Promise<readonly ScriptResult[]> {
    // A newline, since a statement may end in a `--` comment.
    const results = await this.#send(() => this.#client.query<Row>(statements.join('\n;\n')), limits)
    return results.map((result) => ({ rows: result.rows, count: result.rowCount ?? 0 }))
  }

  async prepare(sql: string, types: readonly number[] = []): Promise<Prepared> {
    try {
      return await prepareOn(this.#client, sql, types)
    } catch (error) {
      throw this.#lostOr(error)
    }
  }

  async attempt(attempt: Attempt, limits: Limits = {}): Promise<AttemptOutcome> {
    const explicit = !attempt.locks.some((lock) => this.#notLockable.has(lock.relation))
    const began = performance.now()
    try {
      const results = await this.script(attemptMessage(attempt, explicit), limits)
      return { kind: 'committed', heldMs: heldMsOf(results, performance.now() - began) }
    } catch (error) {
      const failure = this.classify(error)
      if (failure === 'lock-timeout' || failure === 'deadlock') return { kind: 'busy' }
      if (!explicit || !needsNoExplicitLock(error)) throw error
      attempt.locks.forEach((lock) => this.#notLockable.add(lock.relation))
      return this.attempt(attempt, limits)
    }
  }

  readCatalog(options: { readonly schemas?: readonly string[] } = {}): Promise<Catalog> {
    return readCatalog((sql, values) => this.query(sql, values), options)
  }

  blockers(locks: readonly TableLock[], ours: readonly number[]): Promise<readonly Blocker[]> {
    return readBlockers(this, locks, [...ours, this.pid])
  }

  olderSnapshots(ours: readonly number[]): Promise<readonly Blocker[]> {
    return readOlderSnapshots(this, [...ours, this.pid])
  }

  waitsFor(pid: number): Promise<{ readonly waiting: boolean; readonly blockers: readonly Blocker[] }> {
    return readWaits(this, pid)
  }

  refuseReadOnly(): Promise<void> {
    return refuseReadOnly(this)
  }

  standbys(): Promise<readonly string[]> {
    return readStandbys(this)
  }

  citus(): Promise<Citus | undefined> {
    return readCitus(this)
  }

  async tryRunLock(): Promise<boolean> {
    const [row] = await this.query(runLockSql)
    return row?.['locked'] === true
  }

  runLockHolder(ours: readonly number[]): Promise<RunLockHolder | undefined> {
    return readRunLockHolder(this, [...ours, this.pid])
  }

  leaves(relation: string): Promise<readonly Leaf[]> {
    return readLeaves(this, relation)
  }

  namesTaken(leaf: Leaf, names: readonly string[]): Promise<readonly string[]> {
    return namesTaken(this, leaf, names)
  }

  missingRights(needs: readonly Need[]): Promise<readonly string[]> {
    return missingRights(this, needs)
  }

  classify(error: unknown): Failure {
    return classifyFailure(error, this.#statementTimeoutMs > 0)
  }

  async cancel(pid: number, how: 'cancel' | 'terminate' = 'cancel'): Promise<void> {
    await this.query(how === 'cancel' ? 'select pg_cancel_backend($1)' : 'select pg_terminate_backend($1)', [pid])
  }

  /** Hears what the server says besides results: DEBUG1 lines, NOTICEs. Returns how to stop hearing. */
  onNotice(listener: (message: string) => void): () => void {
    const hear = (notice: { message?: string | undefined }): void => listener(notice.message ?? '')
    this.#client.on('notice', hear)
    return () => this.#client.off('notice', hear)
  }

  async close(): Promise<void> {
    if (!this.#lost) await this.#client.end()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #send(run: () => Promise<DriverResult<Row> | DriverResult<Row>[]>, limits: Limits): Promise<DriverResult<Row>[]> {
    limits.signal?.throwIfAborted()
    await this.#limit(limits.statementTimeoutMs)
    const stop = this.#cancelOn(limits.signal)
    try {
      const result = await run()
      return Array.isArray(result) ? result : [result]
    } catch (error) {
      throw this.#lostOr(error)
    } finally {
      stop()
    }
  }

  async #limit(timeoutMs: number | undefined): Promise<void> {
    if (timeoutMs === undefined || timeoutMs === this.#statementTimeoutMs) return
    try {
      await this.#client.query(`set statement_timeout = ${Math.ceil(timeoutMs)}`)
    } catch (error) {
      throw this.#lostOr(error)
    }
    this.#statementTimeoutMs = timeoutMs
  }

  #cancelOn(signal: AbortSignal | undefined): () => void {
    const control = this.#control
    if (signal === undefined || control === undefined) return () => undefined
    const cancel = (): void => void control.cancel(this.pid).catch(() => undefined)
    signal.addEventListener('abort', cancel, { once: true })
    return () => signal.removeEventListener('abort', cancel)
  }

  /** What the server said is passed on as it is; all else means that nobody is there to say anything. */
  #lostOr(error: unknown): unknown {
    if (isFromServer(error)) return error
    this.#lost = true
    return new LockkeeperError('connection-lost', `the connection to ${this.target.database} on ${this.target.host} was lost`, {
      cause: error,
    })
  }
}
