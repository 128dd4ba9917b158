import type { BackfillDefinition, BackfillStore } from '../model/backfill.ts'
import type { BatchProgress } from '../model/event.ts'
import type { StepKey } from '../model/journal.ts'
import type { Session } from '../model/session.ts'
import type { Reading } from '../model/throttle.ts'
import type { CodeBatch } from './code-batch.ts'

/** What one worker is told. Times in milliseconds. */
export interface BackfillJob {
  readonly key: StepKey
  readonly definition: BackfillDefinition
  /** Unique to the worker, host:pid#random; what stands behind the # is not shown. */
  readonly owner: string
  readonly session: Session
  readonly store: BackfillStore
  /** Over a session of its own: keeps the lease while the work session is busy. */
  readonly control: BackfillStore
  /** The longest that one batch waits for a row that somebody else has locked, while it holds others. */
  readonly lockBudgetMs: number
  /** How long it may get nowhere since somebody holds rows locked. */
  readonly maxLockWaitMs: number
  /** How long it may be paused or held by throttles before the worker ends, to be started again. */
  readonly maxHoldMs: number
  /** Without a sign of life for so long, a worker is taken to be gone. */
  readonly leaseMs: number
  /** The throttle that holds, if one does. */
  readonly hold: (signal: AbortSignal) => Promise<Reading | undefined>
  /** The user's function, where the work is code. */
  readonly code?: CodeBatch
  readonly signal: AbortSignal
  readonly listener: BackfillListener
}

/** Receives what happens, as it happens; must not throw. */
export interface BackfillListener {
  onBatch(progress: BatchProgress): void
  onHeld(held: { readonly reason: string; readonly heldMs: number }): void
  onNotice(text: string): void
}
