/** A row as it was read: each column by its name, in the driver's types (bigint for int8, text for numeric, Date for timestamps). */
export type BackfillRow = { readonly [column: string]: unknown }

/** The transaction of one call of `run`. It begins with the first query, and commits together with the backfill's place once `run` returns. */
export interface BackfillTransaction {
  /**
   * One statement, with $1, $2 ... for values; gives its rows. Rejects where a row given to `run` was changed or locked by others meanwhile: let it
   * pass, and `run` is called again with the row as it is by then.
   */
  query(sql: string, values?: readonly unknown[]): Promise<readonly BackfillRow[]>
  /** Fires when the call has no more time, the backfill is stopped, or another worker took the rows over. */
  readonly signal: AbortSignal
}

/** A change of many rows whose new values SQL cannot compute. */
export interface Backfill<Row extends BackfillRow = BackfillRow> {
  /** `orders` or `app.orders`, as the database spells it. */
  readonly table: string
  /** Columns of the unique key by which the table is walked; the primary key where absent. `run` must not change them. */
  readonly key?: readonly string[]
  /** Which rows, as an SQL condition over the row; all where absent. */
  readonly where?: string
  /**
   * When a row is done. `no-longer-matches`, the default with `where`: once the condition is false; what comes to match meanwhile is done too.
   * `each-once`, the default without: once `run` was given it; rows that come meanwhile are left to the application. Needs a key.
   */
  readonly done?: 'no-longer-matches' | 'each-once'
  /** Columns that `run` reads; all where absent. */
  readonly columns?: readonly string[]
  /** The most rows in one call; 1000 where absent, and fewer where they take long. */
  readonly batch?: number
  /** How many calls may be under way at once in one process; 1 where absent. Each has its own connection. */
  readonly concurrency?: number
  /** How long one call may take. 60,000 where absent. */
  readonly timeoutMs?: number
  /** Writes through `tx`. It may be called again for the same rows. */
  run(rows: readonly Row[], tx: BackfillTransaction): Promise<void>
  /** A query that gives rows only where something is left to do; asked before the backfill counts as done. */
  readonly verify?: string
}

/** Gives back what it is given: only for the types in an editor. */
export function defineBackfill<Row extends BackfillRow = BackfillRow>(backfill: Backfill<Row>): Backfill<Row> {
  return backfill
}
