/** Weakest first; the server numbers them 1 to 8 in this order (lockdefs.h). */
export const lockModes = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const

export type LockMode = (typeof lockModes)[number]

/** A lock on a table that existed before the statement. `relation` is the canonical name: valid SQL as it stands. */
export interface TableLock {
  readonly relation: string
  readonly mode: LockMode
  /** Plain SELECTs wait behind it, and behind whoever queues for it. */
  readonly blocksReads: boolean
  readonly blocksWrites: boolean
}

/** What a statement will do to the server, with no opinion on whether that is bad. All relations by canonical name. */
export interface Facts {
  /** `observed`: a real server ran it in the sandbox; `predicted`: from syntax, catalog and server version. */
  readonly evidence: 'observed' | 'predicted'
  /** Every pre-existing relation it locks, referenced parents and partitions too; the strongest mode of each. */
  readonly locks: readonly TableLock[]
  /** Tables read from end to end while the locks are held. */
  readonly scans: readonly string[]
  /** Tables whose heap is written anew. */
  readonly rewrites: readonly string[]
  /** Tables on which an index is built. */
  readonly builds: readonly string[]
  /** What is gone afterwards, with its data: `table public.a`, `column public.a.b`, `index public.i`. */
  readonly destroys: readonly string[]
  readonly creates: readonly string[]
  readonly transaction: 'allowed' | 'forbidden' | 'implicit-commit'
  /** What it waits for besides its locks: CONCURRENTLY waits for every older snapshot in the database. */
  readonly waitsFor: readonly ('older-snapshots' | 'writers-of-table')[]
  /** Where the catalog could not settle it: "if public.a has rows". Absent where nothing is in doubt. */
  readonly condition?: string
}
