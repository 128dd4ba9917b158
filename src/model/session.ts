import type { Catalog } from './catalog.ts'
import type { Dialect } from './dialect.ts'
import type { Blocker } from './event.ts'
import type { TableLock } from './facts.ts'
import type { Server } from './server.ts'

export type Row = { readonly [column: string]: unknown }

/** What an error of the server means to the runner; by SQLSTATE, never by text. */
export type Failure = 'lock-timeout' | 'deadlock' | 'serialization' | 'connection-lost' | 'cancelled' | 'statement-timeout' | 'data' | 'other'

export interface Limits {
  /** Server-side; undefined leaves what is set. */
  readonly statementTimeoutMs?: number
  /** Cancels on the server, then rejects. */
  readonly signal?: AbortSignal
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
  /** Several statements in one message of the simple protocol; the rows of the last. */
  script(statements: readonly string[], limits?: Limits): Promise<readonly Row[]>
  readCatalog(options?: { readonly schemas?: readonly string[] }): Promise<Catalog>
  /** Who holds, or waits for, a lock that conflicts with any of these, partitions and prepared transactions included; ours excluded. */
  blockers(locks: readonly TableLock[], ours: readonly number[]): Promise<readonly Blocker[]>
  /** Who holds a snapshot older than ours in this database: what CONCURRENTLY would wait for. */
  olderSnapshots(ours: readonly number[]): Promise<readonly Blocker[]>
  /** Tries once, never waits. Undefined where another run holds it. */
  tryRunLock(): Promise<boolean>
  classify(error: unknown): Failure
  /** Ends what this session is doing, from another session. */
  cancel(pid: number): Promise<void>
  close(): Promise<void>
}

export interface ConnectOptions {
  readonly url: string
  /** For rotating credentials; asked at each connect. */
  readonly password?: () => Promise<string>
  /** Shown in pg_stat_activity: `lockkeeper`, `lockkeeper control`. */
  readonly applicationName: string
  /** SET ROLE after connecting, so that objects belong to whom the ORM's would (H18). */
  readonly role?: string
  /** Put first into search_path, so that unqualified names mean what the ORM means. */
  readonly schema?: string
  readonly connectTimeoutMs?: number
  readonly signal?: AbortSignal
}
