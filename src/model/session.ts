import type { Catalog } from './catalog.ts'
import type { Citus } from './citus.ts'
import type { Dialect } from './dialect.ts'
import type { Blocker } from './event.ts'
import type { TableLock } from './facts.ts'
import type { Server } from './server.ts'

export type Row = { readonly [column: string]: unknown }

/** What an error of the server means to the runner; by SQLSTATE, never by text. */
export type Failure =
  | 'lock-timeout'
  | 'deadlock'
  | 'serialization'
  | 'connection-lost'
  | 'cancelled'
  | 'statement-timeout'
  | 'data'
  | 'other'

export interface Limits {
  /** Server-side; undefined leaves what is set. */
  readonly statementTimeoutMs?: number
  /** Cancels on the server, then rejects. */
  readonly signal?: AbortSignal
}

export interface ScriptResult {
  readonly rows: readonly Row[]
  /** Rows read or changed, as the server counted them. */
  readonly count: number
}

/** What the server makes of a statement that it was not asked to run. */
export interface Prepared {
  /** OIDs of types, by the number of the parameter. */
  readonly parameters: readonly number[]
  /** Absent where the statement gives no rows. */
  readonly columns?: readonly PreparedColumn[]
}

export interface PreparedColumn {
  readonly name: string
  /** OID of the type that the client is told: of a domain, the one below it. */
  readonly type: number
  readonly modifier: number
}

/** What a role must be able to do before step 1 (H18). */
export interface Need {
  readonly relation: string
  readonly need: 'own' | 'reference' | 'write'
}

/** A session that holds the run lock of this database. */
export interface RunLockHolder {
  readonly pid: number
  readonly application: string
  readonly state: string
  readonly query: string
  /** No runner stands behind it any more: its control connection is gone (H14). */
  readonly orphan: boolean
}

/** Statements that commit together under strong locks, in one message, or not at all. */
export interface Attempt {
  /** All are taken first, or none; nothing but catalog changes should follow (H21). */
  readonly locks: readonly TableLock[]
  /** `nowait`: never stands in a queue. `queued`: stands in it for `waitMs` at the most, in all. */
  readonly how: 'nowait' | 'queued'
  readonly waitMs: number
  /** For each statement, once the locks are held. 0: none. */
  readonly statementTimeoutMs: number
  readonly statements: readonly string[]
}

export type AttemptOutcome =
  /** `heldMs`: from having the last lock to the answer of the commit; the network included, so an upper bound. */
  | { readonly kind: 'committed'; readonly heldMs: number }
  /** Somebody holds or takes a conflicting lock; nothing was changed. */
  | { readonly kind: 'busy' }

export interface Leaf {
  readonly oid: number
  readonly schema: string
  readonly name: string
}

export interface Target {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
}

/** One backend. It never reconnects by itself: a silent reconnect loses the run lock. */
export interface Session extends AsyncDisposable {
  readonly server: Server
  readonly target: Target
  readonly dialect: Dialect
  /** Backend pid. */
  readonly pid: number
  query(sql: string, values?: readonly unknown[], limits?: Limits): Promise<readonly Row[]>
  /** Several statements in one message of the simple protocol; one result each. The first error ends it, and what was open is rolled back. */
  script(statements: readonly string[], limits?: Limits): Promise<readonly ScriptResult[]>
  /** Parses one statement on the server and runs nothing; `types` are OIDs for its parameters, 0 where the server is to find out. */
  prepare(sql: string, types?: readonly number[]): Promise<Prepared>
  /** Throws what the server says, save that a lock was not free or a deadlock was broken: that is `busy`. */
  attempt(attempt: Attempt, limits?: Limits): Promise<AttemptOutcome>
  readCatalog(options?: { readonly schemas?: readonly string[] }): Promise<Catalog>
  /** Who holds, or waits for, a lock that conflicts with any of these, partitions and prepared transactions included; ours excluded. */
  blockers(locks: readonly TableLock[], ours: readonly number[]): Promise<readonly Blocker[]>
  /** Who holds a snapshot older than ours in this database: what CONCURRENTLY would wait for. */
  olderSnapshots(ours: readonly number[]): Promise<readonly Blocker[]>
  /** Names of the physical standbys that replicate from this server now; `pid 17` where the role may not see more. */
  standbys(): Promise<readonly string[]>
  /** Undefined where the extension is not installed. */
  citus(): Promise<Citus | undefined>
  /** Throws `read-only-server` on a replica, and where transactions are read-only by default. */
  refuseReadOnly(): Promise<void>
  /** Tries once, never waits. */
  tryRunLock(): Promise<boolean>
  /** Who holds it, where somebody does. */
  runLockHolder(ours: readonly number[]): Promise<RunLockHolder | undefined>
  /** Leaf partitions right below a partitioned table, as of now. */
  leaves(relation: string): Promise<readonly Leaf[]>
  /** Which of these names something else than an index of this leaf has in the leaf's schema. */
  namesTaken(leaf: Leaf, names: readonly string[]): Promise<readonly string[]>
  /** Needs that the current role does not meet, in words. */
  missingRights(needs: readonly Need[]): Promise<readonly string[]>
  classify(error: unknown): Failure
  /** Ends what another session is doing; `terminate` ends the session itself. */
  cancel(pid: number, how?: 'cancel' | 'terminate'): Promise<void>
  /** What a session waits for now, and since when it has been at its statement. */
  waitsFor(pid: number): Promise<{ readonly waiting: boolean; readonly blockers: readonly Blocker[] }>
  close(): Promise<void>
}

/** What a run calls its two sessions in pg_stat_activity: where no control session lives, the holder of the run lock is an orphan (H14). */
export const runSessionNames = { work: 'lockkeeper', control: 'lockkeeper control' } as const
/** Those of a worker of a backfill, which holds no run lock. */
export const workerSessionNames = { work: 'lockkeeper', control: 'lockkeeper worker control' } as const

export interface ConnectOptions {
  readonly url: string
  /** For rotating credentials; asked at each connect. */
  readonly password?: () => Promise<string>
  /** Shown in pg_stat_activity. */
  readonly applicationName: string
  /** SET ROLE after connecting, so that objects belong to whom the ORM's would (H18). */
  readonly role?: string
  /** Put first into search_path, so that unqualified names mean what the ORM means. */
  readonly schema?: string
  readonly connectTimeoutMs?: number
  /** Cancels this session's statement when its signal fires; opened before, so that a full server can still be told to stop. */
  readonly control?: Session
  readonly signal?: AbortSignal
}
