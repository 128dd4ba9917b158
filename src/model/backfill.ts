import type { Blocker } from './event.ts'
import type { StepKey } from './journal.ts'
import type { Walk, Work } from './plan.ts'
import type { Row } from './session.ts'

/** A place in a walk: the values of a key as text, or a page number. It is stored as JSON. */
export type Place = readonly (string | number)[]

/** All that a worker on any machine needs to take part; stored before the first row is changed. */
export interface BackfillDefinition {
  readonly work: Work
  readonly walk: Walk
  /** How long one batch may hold its row locks. */
  readonly batchTargetMs: number
  /** The user's own triggers on the rows: `fire` as for any other change, `skip` them (needs the right to set session_replication_role), or `stop` before the first row. */
  readonly triggers: TriggerChoice
  /** A query of the user's that gives rows only where something is left to do; asked before it counts as done. */
  readonly verify?: string
}

/** A module's backfill as far as it is known without a database. */
export interface NamedBackfill {
  /** Path relative to the project. */
  readonly module: string
  readonly export: string
  readonly hash: string
  /** As the database spells it, with or without its schema. */
  readonly table: string
  readonly where?: string
  readonly done?: 'no-longer-matches' | 'each-once'
  readonly key?: readonly string[]
  readonly columns?: readonly string[]
}

export type TriggerChoice = 'fire' | 'skip' | 'stop'

/** What a statement of the user's is as batched work; `batchTargetMs` is what is right where nobody says otherwise. */
export type RowWork =
  | { readonly kind: 'work'; readonly work: Work; readonly walk: Walk; readonly batchTargetMs: number }
  | { readonly kind: 'refused'; readonly why: string }

/** What people want of it, said from any terminal; workers ask before each batch. */
export type Wanted = 'run' | 'pause' | 'cancel'

/** How far a batched change came. `key.migration` is empty where it stands by itself, outside a migration. */
export interface BackfillState {
  readonly key: StepKey
  /** Absent in a row that an older version wrote. */
  readonly definition?: BackfillDefinition
  readonly wanted: Wanted
  readonly done: boolean
  /** Why it ended without being done; a new run clears it. */
  readonly failure?: string
  /** From 1: how often the table was gone through. */
  readonly sweep: number
  readonly rows: number
  /** Of these, how many stayed on their page (HOT): no index was written for them. */
  readonly hotRows: number
  /** Written by the whole server while batches ran, so an upper bound. */
  readonly walBytes: number
  /** 0 to 1 of this sweep; an estimate. */
  readonly fraction: number
  /** {now} of the whole change, also when it is resumed. */
  readonly startedAt: Date
  readonly updatedAt: Date
  readonly workers: readonly WorkerState[]
}

export interface WorkerState {
  /** host:pid, for people. */
  readonly owner: string
  readonly relation: string
  /** Its lease ran out: it is gone, or it hangs; another one takes its chunk over. */
  readonly expired: boolean
  /** The throttle that holds it, and why. */
  readonly held?: string
  readonly rows: number
  readonly batchRows: number
  readonly batchMs: number
}

/** A piece of a table that one worker has leased: what lies behind `after`, up to `upTo`. */
export interface Chunk extends Fenced {
  /** Canonical name as of now: a partition, or the table itself. */
  readonly relation: string
  readonly relationOid: number
  /** Behind it nothing of the chunk is left to do. null: the beginning of the table. */
  readonly after: Place | null
  readonly upTo: Place
  /** One place alone, left because somebody had its row locked; come back to. */
  readonly alone: boolean
}

/** A lease. `fence` grows with each new owner: whoever holds an older one writes nothing any more. */
export interface Fenced {
  readonly id: number
  readonly fence: number
}

/** A piece that can be walked by itself: the table, or each of its partitions. */
export interface Part {
  readonly relationOid: number
  readonly relation: string
  /** Up to here chunks have been cut. */
  readonly cut: Place | null
  /** The last place as it was when the sweep began; null: nothing there. */
  readonly bound: Place | null
}

/** What a worker finds when it asks for work. */
export type Lease =
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  /** A part that is not cut to its end; a transaction stays open that keeps others from it, until `cut`, `leave` or `letGo`. */
  | { readonly kind: 'part'; readonly part: Part }
  /** Others work on the last chunks, or what is left must be come back to later. */
  | { readonly kind: 'wait' }
  /** All is cut and no chunk is left: this worker, and no other, asks the table, until `nextSweep` or `finish`. */
  | { readonly kind: 'sweep-done'; readonly end: Fenced; readonly sweep: number; readonly still: number }
  | { readonly kind: 'paused' }
  /** Cancelled, or failed for good: `failure` says why. */
  | { readonly kind: 'stopped'; readonly failure: string | undefined }
  | { readonly kind: 'done' }

/** One transaction of a worker. */
export interface Batch {
  readonly chunk: Chunk
  /** Where the chunk stands once it is committed. */
  readonly next: { readonly after: Place | null; readonly finished: boolean }
  /** The rows of this batch, without the work's own condition. */
  readonly range: string
  /** Rows of tables below the chunk's are no part of it. */
  readonly only: boolean
  readonly work: Work
  readonly limits: { readonly lockTimeoutMs: number; readonly statementTimeoutMs: number }
  /**
   * Goes around rows that others have locked, and notes their places to come back to: `place` is SQL over a row that gives it as JSON. At most so
   * many of this batch, and of the backfill.
   */
  readonly around?: { readonly place: string; readonly most: number; readonly mostInAll: number }
  readonly skipTriggers: boolean
  readonly leaseMs: number
}

export type BatchOutcome =
  /** Somebody else has the chunk; nothing was changed. */
  | { readonly kind: 'lost' }
  /** More rows are locked than are noted one by one; nothing was changed. */
  | { readonly kind: 'too-many-locked' }
  | BatchDone

export interface BatchDone {
  readonly kind: 'done'
  readonly rows: number
  /** Of these, still matching the condition after the change: the new value is no better. */
  readonly still: number
  readonly hotRows: number
  readonly walBytes: number
  /** Left for later, since locked. */
  readonly missed: number
  /** On the server, without the commit. */
  readonly workMs: number
  readonly wanted: Wanted
}

/** Which rows a module of the user's is given next: the first few behind a place, as they are now. */
export interface RowsWanted {
  readonly chunk: Chunk
  readonly work: Work
  readonly range: string
  readonly only: boolean
  /** Names of columns; absent: all. */
  readonly columns?: readonly string[]
  /** SQL over a row that gives its place as JSON. */
  readonly place: string
  /** In which order they come. */
  readonly order: string
  readonly most: number
}

/** A row as it was read without a lock, and by what it is known that it has not changed since. */
export interface ReadRow {
  readonly values: Row
  readonly version: RowVersion
}

/** A new version of a row, or another row in its place, has another `xmin` or another `ctid`. */
export interface RowVersion {
  readonly table: number
  readonly ctid: string
  readonly xmin: string
  readonly place: Place
}

/** A transaction in which a module writes: what it was given is locked, and nobody can take its chunk over. */
export interface CodeTransaction {
  readonly chunk: Chunk
  readonly work: Extract<Work, { readonly kind: 'code' }>
  readonly only: boolean
  readonly rows: readonly RowVersion[]
  readonly limits: { readonly lockTimeoutMs: number; readonly statementTimeoutMs: number; readonly idleMs: number }
}

export type CodeOpened =
  | { readonly kind: 'open'; readonly transaction: string }
  /** These were changed since they were read, or somebody has them locked; nothing is open. */
  | { readonly kind: 'moved'; readonly rows: readonly RowVersion[] }
  /** Somebody else has the chunk, or other code is to do it; nothing is open. */
  | { readonly kind: 'lost' }

/** The end of such a transaction; where `transaction` is absent the module wrote nothing, and the place alone moves. */
export interface CodeCommit {
  readonly chunk: Chunk
  readonly work: Extract<Work, { readonly kind: 'code' }>
  readonly only: boolean
  readonly next: { readonly after: Place | null; readonly finished: boolean }
  readonly transaction?: string
  readonly rows: readonly RowVersion[]
  /** A condition for the same rows after the change, where a key tells. */
  readonly same?: string
  /** To be come back to. */
  readonly missed: readonly Place[]
  readonly statementTimeoutMs: number
  readonly leaseMs: number
}

export type CodeCommitted =
  | Pick<BatchDone, 'kind' | 'rows' | 'still' | 'hotRows' | 'walBytes' | 'wanted'>
  | { readonly kind: 'lost' }
  /** The module ended the transaction itself. */
  | { readonly kind: 'not-ours' }

export interface TableLook {
  /** Policies hide rows from our role: it would be called complete while they are left. */
  readonly rowsHidden: boolean
  /** Triggers of the user's that each changed row would fire. */
  readonly triggers: readonly string[]
  /** Publications that send each changed row on. */
  readonly publications: readonly string[]
  /** The role may set session_replication_role. */
  readonly maySkipTriggers: boolean
}

/** The tables in the schema `lockkeeper` that workers of any number of machines share. Each call is its own commit unless it says otherwise. */
export interface BackfillStore {
  /** Creates it, or gives what stands there. */
  begin(key: StepKey, definition: BackfillDefinition): Promise<BackfillState>
  read(key: StepKey): Promise<BackfillState | undefined>
  list(project?: string): Promise<readonly BackfillState[]>
  /** False where there is none of that key that is not done. */
  want(key: StepKey, wanted: Wanted): Promise<boolean>
  /** One that failed or was cancelled goes on from where it was. */
  revive(key: StepKey): Promise<void>
  /** Forgets how far it came. */
  forget(key: StepKey): Promise<void>
  lease(key: StepKey, owner: string, leaseMs: number): Promise<Lease>
  /** Notes a new chunk of the part held, leased to the worker, and lets the part go. `finished`: nothing of the part is left behind it. */
  cut(key: StepKey, part: Part, chunk: { readonly upTo: Place; readonly owner: string; readonly leaseMs: number }): Promise<Chunk>
  /** Lets the part held go as it was, or rolls back what `openCode` opened. */
  letGo(): Promise<void>
  /** The part held has nothing left; lets it go. */
  leave(key: StepKey, part: Part): Promise<void>
  /** The pieces of the table as of now, partitions by themselves, with their sizes in pages; `key`: as one piece, whatever it has below it. */
  pieces(
    relation: string,
    how: 'key' | 'pages',
  ): Promise<readonly { readonly relationOid: number; readonly relation: string; readonly pages: number }[]>
  /** Who holds what the backend waits for now. */
  inTheWay(pid: number): Promise<readonly Blocker[]>
  /** What a change of its rows would meet. */
  look(work: Work): Promise<TableLook>
  /** Begins a sweep over these. False where the lease was lost. */
  nextSweep(key: StepKey, end: Fenced, parts: readonly Omit<Part, 'cut'>[]): Promise<boolean>
  finish(key: StepKey, end: Fenced): Promise<boolean>
  fail(key: StepKey, failure: string): Promise<void>
  batch(key: StepKey, batch: Batch): Promise<BatchOutcome>
  /** Undefined where the table is no longer called what it was when it was leased. Locks nothing. */
  readRows(wanted: RowsWanted): Promise<readonly ReadRow[] | undefined>
  /** Leaves a transaction open, until `commitCode` or `letGo`, or none where it says so. */
  openCode(key: StepKey, transaction: CodeTransaction): Promise<CodeOpened>
  commitCode(key: StepKey, commit: CodeCommit): Promise<CodeCommitted>
  /** Other code is to go on with one that failed. False where it has not failed. */
  redefine(key: StepKey, definition: BackfillDefinition): Promise<boolean>
  /** Keeps the lease while a throttle holds the worker, and says which one. */
  beat(
    key: StepKey,
    lease: Fenced,
    say: { readonly leaseMs: number; readonly held?: string },
  ): Promise<{ readonly kept: boolean; readonly wanted: Wanted }>
  /** The worker stops; others may go on with its chunk at once. */
  release(lease: Fenced): Promise<void>
}
