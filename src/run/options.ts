import type { CodeBatch, CodeWork } from '../backfill/code-batch.ts'
import type { TriggerChoice } from '../model/backfill.ts'
import type { CodeRun, History, Read } from '../model/adapter.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import type { Event, Listener, TimedEvent } from '../model/event.ts'
import type { OldApplication } from '../model/evidence.ts'
import type { Hazard } from '../model/hazard.ts'
import type { Assumption, Migration } from '../model/migration.ts'
import type { Plan } from '../model/plan.ts'
import type { ConnectOptions } from '../model/session.ts'
import type { Statement } from '../model/statement.ts'
import type { Reading } from '../model/throttle.ts'

/** The user's code, and who judges it. */
export interface CodeRunner {
  /** Runs the `up` of a migration, which has no other way to the database than `answer`. */
  readonly execute: (run: CodeRun) => Promise<void>
  /** For one transaction: what stops it at the statements that come next. */
  readonly judge: (migration: Migration, catalog: Catalog) => (statements: readonly Statement[]) => readonly Hazard[]
}

export type HoldFor = (relation: string, ours: () => readonly number[]) => (signal: AbortSignal) => Promise<Reading | undefined>

/** How batched changes of rows behave; each part has a default. */
export interface BackfillOptions {
  /** For a table: the throttle that holds, if one does; asked before each batch. `ours`: sessions that are no load. */
  readonly holdFor?: HoldFor
  readonly maxHoldMs?: number
  readonly triggers?: TriggerChoice
  /** How many batches at once; where it is absent what code asks for, else `defaultWorkers`. */
  readonly workers?: number
}

/** What `complete` is told; a run without it stops before each gate. Times in milliseconds. */
export interface ContractOptions {
  /** Gates taken upon oneself, each with its reason. */
  readonly overrides: readonly { readonly gate: string; readonly reason: string }[]
  /** How long a migration must have been expanded, by the server's clock. */
  readonly minAgeMs: number
  /** How long to wait for closed gates; 0: asked once. */
  readonly waitMs: number
  /** How long the old shape must not have been used, by the server's clock; 15 minutes where it is absent. */
  readonly quietMs?: number
  /** Whose sessions hold back; where it is absent, or names nobody, sessions are not looked at. */
  readonly old?: OldApplication
}

/** All that a run is told. Times in milliseconds. */
export interface RunOptions {
  readonly engine: Engine
  /** Without applicationName and control: the run opens its two sessions itself. */
  readonly connect: Omit<ConnectOptions, 'applicationName' | 'control'>
  /** Replicas to ask before a strong lock is taken, since it is replayed there (H17). */
  readonly replicas?: readonly Omit<ConnectOptions, 'applicationName' | 'control'>[]
  readonly plan: Plan
  /** The files behind the plan; what the journal already stores is not read from them. */
  readonly migrations: readonly Migration[]
  /** The ORM's own table; absent for plain SQL. */
  readonly history?: History
  /** What a migration that is code asked when its SQL was recorded, and the target answers otherwise (H5); asked just before it begins. */
  readonly brokenAssumption?: (read: Read, migration: Migration) => Promise<Assumption | undefined>
  /** What a step of code needs (H5); where it is absent, such a step is refused. */
  readonly code?: CodeRunner
  readonly backfills?: BackfillOptions
  readonly contract?: ContractOptions
  /** The module of a batched change that is code; where it is absent, such a step is refused. `anyCode`: it failed, and may go on with other code. */
  readonly loadBackfill?: (work: CodeWork, anyCode: boolean) => Promise<CodeBatch>
  /** Lock budget: the longest that anyone waits behind us (H13). */
  readonly lockBudgetMs: number
  /** How long a wait for one lock or snapshot may last in all before the run gives up with status 4. */
  readonly maxLockWaitMs: number
  /** Real enqueues for one step; looking and NOWAIT are free. */
  readonly maxAttempts?: number
  /** How long to wait for another run to end; 0 tries once. */
  readonly runLockTimeoutMs: number
  /** How long a server that went away may take to come back. */
  readonly reconnectMs: number
  /** `RULE` or `RULE:migration`, with who and why (H13). */
  readonly allowed: readonly string[]
  /** Strong locks only within these hours of the server's clock: "02:00-04:00". */
  readonly window?: { readonly fromMinute: number; readonly toMinute: number }
  readonly terminateOrphan: boolean
  readonly toolVersion: string
  readonly signal: AbortSignal
  readonly listener: Listener
}

export type StepState = 'pending' | 'done' | 'done-before' | 'failed'

export interface StepReport {
  readonly id: string
  readonly title: string
  readonly state: StepState
  /** Real enqueues; 0 where it needed none. */
  readonly attempts: number
  /** From having the lock to its release, an upper bound that includes the network. Absent where no strong lock was taken. */
  readonly lockHeldMs?: number
  readonly ms: number
  readonly rows?: number
}

export interface MigrationReport {
  readonly id: string
  readonly state: 'complete' | 'expanded' | 'complete-before' | 'pending' | 'failed'
  readonly steps: readonly StepReport[]
  /** The schema of its version. */
  readonly shows?: string
}

export interface RunReport {
  readonly migrations: readonly MigrationReport[]
  readonly summary: { readonly longestLockHeldMs: number; readonly steps: number; readonly attempts: number; readonly ms: number }
}

export type Emit = (event: Event) => void

export function emitter(listener: Listener): Emit {
  return (event) => listener({ ...event, at: Date.now() } satisfies TimedEvent)
}
