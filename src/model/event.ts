/** Who stands in the way of a lock. Ages by the server's clock. */
export interface Blocker {
  /** null for a prepared transaction, which has no backend. */
  readonly pid: number | null
  readonly application: string
  readonly user: string
  /** `active`, `idle in transaction`, `prepared transaction` ... */
  readonly state: string
  /** undefined where the server does not let us see it (no pg_read_all_stats). */
  readonly transactionAgeMs: number | undefined
  /** Identifies the transaction: a session that begins a new one is another blocker. */
  readonly transaction: string
  readonly relation: string
  readonly mode: string
  /** First 200 characters, without literals of passwords. */
  readonly query: string
  /** true: holds the lock; false: waits for it before us. */
  readonly granted: boolean
  /** host:port of the replica that it is on; absent on the server that is changed. */
  readonly server?: string
  /** A vacuum that the server cancels by itself when we queue (false for anti-wraparound). */
  readonly yields: boolean
}

/** A condition that does not hold, with what shows it. */
export interface ClosedGate {
  /** What --override names: `unused`. */
  readonly gate: string
  readonly relation: string
  readonly failure: string
  readonly evidence: readonly string[]
  readonly hint: string
}

/** How far a backfill is, after a batch. */
export interface BatchProgress {
  readonly rows: number
  /** Of all workers, as far as they are known. */
  readonly totalRows: number
  /** 0 to 1 of this sweep; an estimate. */
  readonly fraction: number
  readonly ms: number
  /** Of all rows changed by all workers, the share that stayed on their page. */
  readonly hotShare: number
  readonly walBytes: number
  readonly sweep: number
  readonly rowsPerSecond: number
  /** Absent where nobody can tell yet. */
  readonly etaMs?: number
  /** In how many batches a range goes; 1: all its rows at once. */
  readonly stripes: number
}

/**
 * What happened, in the order in which it happened. The ones marked (J) are transitions and stand in the journal, where
 * state is their fold; the others go to the terminal and to --events alone.
 */
export type Event =
  /** (J) with the plan and the bytes, so that any machine can resume (H2). */
  | { readonly type: 'migration-started'; readonly migration: string }
  /** (J) intent: committed before the act. */
  | { readonly type: 'step-started'; readonly migration: string; readonly step: string }
  /** (J) committed with the act where the act is transactional. */
  | {
      readonly type: 'step-done'
      readonly migration: string
      readonly step: string
      readonly ms: number
      readonly attempts: number
      readonly lockHeldMs?: number
      readonly rows?: number
    }
  /** (J) expand and backfill are done, and the ORM's history says applied; the contract waits for `complete`. */
  | { readonly type: 'migration-expanded'; readonly migration: string }
  /** (J) */
  | { readonly type: 'migration-done'; readonly migration: string }
  /** (J) somebody took a closed gate upon himself. */
  | {
      readonly type: 'gate-overridden'
      readonly migration: string
      readonly step: string
      readonly gate: string
      readonly reason: string
      readonly evidence: readonly string[]
    }
  /** (J) */
  | {
      readonly type: 'migration-failed'
      readonly migration: string
      readonly step?: string
      readonly code: string
      readonly message: string
    }
  /** (J) from here on it can only be taken back: its done rows no longer say what is there. */
  | { readonly type: 'migration-aborting'; readonly migration: string }
  /** (J) */
  | { readonly type: 'migration-aborted'; readonly migration: string }
  | {
      readonly type: 'waiting-for-lock'
      readonly migration: string
      readonly step: string
      readonly waitedMs: number
      readonly attempts: number
      readonly blockers: readonly Blocker[]
    }
  | {
      readonly type: 'waiting-for-snapshots'
      readonly migration: string
      readonly step: string
      readonly waitedMs: number
      readonly blockers: readonly Blocker[]
    }
  | {
      readonly type: 'lock-attempt'
      readonly migration: string
      readonly step: string
      readonly how: 'nowait' | 'queued'
      readonly waitMs: number
      readonly got: boolean
    }
  | ({ readonly type: 'batch-done'; readonly migration: string; readonly step: string } & BatchProgress)
  | { readonly type: 'backfill-held'; readonly migration: string; readonly step: string; readonly reason: string; readonly heldMs: number }
  | { readonly type: 'backfill-notice'; readonly migration: string; readonly step: string; readonly text: string }
  | {
      readonly type: 'retrying'
      readonly migration: string
      readonly step: string
      readonly code: string
      readonly message: string
      readonly inMs: number
    }
  /** They replay our strong locks, and nobody looks there who is in the way (H17). */
  | { readonly type: 'standbys-not-asked'; readonly standbys: readonly string[] }
  /** Tables of the plan that Citus keeps in shards on other servers, whose locks and blockers are not seen from here. */
  | { readonly type: 'citus-tables'; readonly version: string; readonly relations: readonly string[] }
  /** What `complete` will ask for and cannot be had from this server: `claim` is what nobody could tell. */
  | { readonly type: 'evidence-missing'; readonly migration: string; readonly claim: string; readonly why: string; readonly hint: string }
  | { readonly type: 'step-undone'; readonly migration: string; readonly step: string }
  | { readonly type: 'gate-closed'; readonly migration: string; readonly step: string; readonly closed: readonly ClosedGate[] }
  | { readonly type: 'reconnected'; readonly migration: string; readonly step: string; readonly afterMs: number }

export type TimedEvent = Event & { readonly at: number }
/** Receives every event as it happens; must not throw. */
export type Listener = (event: TimedEvent) => void
