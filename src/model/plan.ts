import type { TableLock } from './facts.ts'
import type { Hazard } from './hazard.ts'
import type { SourceId } from './migration.ts'
import type { Estimate } from './statistics.ts'

export type Phase = 'expand' | 'backfill' | 'cut-over' | 'contract'

/**
 * `free`: nothing to take back. `cleanup`: these statements take it back, in order, each in a transaction of its own through the
 * lock loop, save those that hold CONCURRENTLY, which run alone outside one; each does nothing where there is nothing to take back.
 * `forward-only`: past the point of no return.
 */
export type Undo =
  | { readonly kind: 'free' }
  | { readonly kind: 'cleanup'; readonly sql: readonly string[] }
  | { readonly kind: 'forward-only'; readonly why: string }

interface StepBase {
  /** Unique in its migration and stable: `1-add-column`, `2-backfill-note`. */
  readonly id: string
  /** For people: "build index orders_note_idx without blocking writes". */
  readonly title: string
  readonly phase: Phase
  readonly hazards: readonly Hazard[]
  readonly undo: Undo
  /** Of its work once it has its locks; for those who read the plan. Absent without statistics, and where it only changes the catalog. */
  readonly estimate?: Estimate
}

/**
 * Statements that commit together with their journal row (`transaction: true`), or one statement that cannot run in a
 * transaction and is bracketed by an intent row and a done row.
 */
export interface SqlStep extends StepBase {
  readonly kind: 'sql'
  readonly sql: readonly string[]
  /** SETs repeated before the step and after a reconnect (H4). */
  readonly session: readonly string[]
  readonly transaction: boolean
  /** Locks that anyone could wait behind; empty where only new or private relations are touched. */
  readonly locks: readonly TableLock[]
  /** The longest that anyone may wait behind us. 0: the wait blocks nobody and is not limited by it (CONCURRENTLY, VALIDATE). */
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
  /** It waits for every older snapshot of the database: looked for before, reported while waiting. */
  readonly waitsForSnapshots: boolean
  /**
   * For what cannot run in a transaction, and for what the server may have done by itself meanwhile (to a partition that came with its
   * key): asked when it was started and is not recorded as done, and before each try.
   */
  readonly probe?: Probe
}

/** `sql` gives one row with a column `state`: `done`, `absent` (not begun) or `leftover` (a failed try; run `cleanup`, then try again). */
export interface Probe {
  readonly sql: string
  readonly cleanup: readonly string[]
}

/** How a table is walked: by ranges of a unique key up to a bound fixed at the start, or by heap pages with a last sweep (H7). */
export type Walk =
  | {
      readonly by: 'key'
      readonly columns: readonly string[]
      readonly types: readonly string[]
      /** From the last key to the first: what is newest comes first. */
      readonly descending?: boolean
    }
  | { readonly by: 'pages' }

export type Work =
  /**
   * `set` and `where` are SQL fragments over the row itself; the relation has no alias. {now} in them stands for the run's start, a timestamptz
   * literal that stays the same on resume (H7). `falsifies`: an updated row no longer matches `where`, so a sweep ends.
   */
  | {
      readonly kind: 'update'
      readonly relation: string
      readonly set: string
      readonly where: string
      readonly falsifies: boolean
      /** It writes what a sync trigger would have written, which therefore does not fire. */
      readonly inStep?: true
    }
  | { readonly kind: 'delete'; readonly relation: string; readonly where: string; readonly falsifies: true }
  /** `into` is the text up to the SELECT, `select` its expressions, `conflict` what follows the WHERE: INSERT INTO b (x) | a.x | ON CONFLICT DO NOTHING. */
  | {
      readonly kind: 'insert'
      /** Where the rows come from, and what is walked. */
      readonly relation: string
      readonly target: string
      readonly into: string
      readonly select: string
      readonly where: string
      readonly conflict: string
      readonly falsifies: false
    }
  /** A module of the user's that changes the rows which match (H8). `falsifies`: what it changed no longer matches. */
  | {
      readonly kind: 'code'
      readonly relation: string
      readonly where: string
      readonly falsifies: boolean
      /** Path of the module, relative to the configuration. */
      readonly module: string
      readonly export: string
      /** Of the module and all that it imports beside packages; every worker must have the same. */
      readonly hash: string
    }

export interface BackfillStep extends StepBase {
  readonly kind: 'backfill'
  readonly work: Work
  readonly walk: Walk
  /** How long one batch may hold its row locks. */
  readonly batchTargetMs: number
}

/** `template` once for each leaf right below `relation`; leaves are listed when it starts and again when it ends, until none lacks it (H6). */
export interface EachStep extends StepBase {
  readonly kind: 'each'
  readonly over: 'leaves'
  readonly relation: string
  /**
   * SQL may hold {leaf} (canonical), {leafSchema} and {leafName} (quoted), and {index} (a free name made from the leaf's); {leafText} and
   * {indexText} are literals of the canonical names.
   */
  readonly template: readonly SqlStep[]
  /** The parts of {index} after the leaf's name, cut to 63 bytes as the server does: `note` and `idx` make leaf_note_idx. Absent where no index is made. */
  readonly index?: { readonly addition?: string; readonly label: string }
}

/** The user's own code, in one transaction through our connection, since what it does depends on the rows that it finds (H5). */
export interface CodeStep extends StepBase {
  readonly kind: 'code'
  /** Where it first looks at rows: "SELECT * FROM users". */
  readonly call: string
  /** The longest that one of its statements may wait for a lock, since it holds others meanwhile. */
  readonly lockTimeoutMs: number
  /** For each of its statements. */
  readonly statementTimeoutMs: number
}

interface GateBase {
  readonly relation: string
  /** "every row of public.users has its full_name in name" */
  readonly title: string
}

/** A condition on what is there: the old shape must be filled into the new one, agree with it, and have nothing of others on it. */
export interface QueryGate extends GateBase {
  readonly kind: 'backfilled' | 'in-step' | 'nothing-depends'
  /** Gives rows only while it holds back; their texts are the evidence. */
  readonly sql: string
  /** "public.users has rows whose name was not filled" */
  readonly failure: string
  readonly hint: string
}

/** Nobody may use what goes: shown by evidence that is gathered over a quiet time, which no query alone can give (H9). */
export interface UnusedGate extends GateBase {
  readonly kind: 'unused'
  /** For people: "full_name of public.users". */
  readonly what: string
  /** Names as the catalog has them, unquoted: a statement that holds all of them uses it. Of a column its table's and its own. */
  readonly names: readonly string[]
  /** Canonical name of the sequence that moves at each write of the old side; absent where nothing is kept in step. */
  readonly counter?: string
  /** Canonical names of views of the old version. */
  readonly views: readonly string[]
}

/** A condition for the contract; asked by `complete`. */
export type Gate = QueryGate | UnusedGate

/** What stands twice between expand and contract, or only for the old application: a table, or some of its columns by their old and new names. */
export interface Doubled {
  /** Canonical name. */
  readonly relation: string
  /** Absent: the whole table. Where `what` says so, constraints or indexes. */
  readonly columns?: readonly string[]
  /** In words, where it is something else than columns: "the index a of public.t". */
  readonly what?: string
}

/** Conditions for the steps behind it. `apply` stops before it; `complete` asks each of them, and goes on once all hold. */
export interface GateStep extends StepBase {
  readonly kind: 'gate'
  readonly gates: readonly Gate[]
  /** No later migration may touch it before the contract (H11). */
  readonly doubled: readonly Doubled[]
}

export type Step = SqlStep | BackfillStep | EachStep | CodeStep | GateStep

/** Data that would make a later step fail, looked for without blocking anyone. */
export interface DataCheck {
  readonly id: string
  readonly title: string
  /** Gives rows only where it fails; the first few are shown. */
  readonly sql: string
  /** "public.users has duplicate values in (email)" */
  readonly failure: string
  readonly hint: string
  /** `run`: before anything of the run; `migration`: needs what an earlier migration of the run makes, so just before its own. */
  readonly before: 'run' | 'migration'
}

export interface PlannedMigration {
  readonly id: string
  readonly source: SourceId
  readonly file: string
  readonly checksum: string
  readonly checks: readonly DataCheck[]
  readonly steps: readonly Step[]
  /** Hazards that no rewrite removes: `apply` stops here with status 3 unless each rule is allowed. */
  readonly blocked: readonly Hazard[]
  /** The schema in which it shows its version of the tables, for search_path. */
  readonly shows?: string
}

/** The whole way, as a value: printable, hashable, reviewed in a pull request. */
export interface Plan {
  readonly format: 1
  readonly project: string
  /** Hash of the definitions of the relations that the plan touches, as they were before its first step. */
  readonly touched: string
  readonly migrations: readonly PlannedMigration[]
  /** The first that must stay behind until an earlier one is complete (H11); it and those after it are not planned. */
  readonly waiting?: Waiting
}

/** A migration whose contract is still to come, and what it keeps double until then. */
export interface Expanded {
  readonly migration: string
  readonly doubled: readonly Doubled[]
}

export interface Waiting {
  readonly migration: string
  /** The expanded one. */
  readonly behind: string
  /** "column name of public.users" */
  readonly what: string
}
