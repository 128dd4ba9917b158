import type { Blocker } from '../model/event.ts'
import type { TableLock } from '../model/facts.ts'
import type { AttemptOutcome } from '../model/session.ts'

/** What is to be had, and how to look and try. */
export interface LockRequest {
  readonly locks: readonly TableLock[]
  readonly budgetMs: number
  readonly maxWaitMs: number
  readonly maxAttempts?: number
  readonly signal: AbortSignal
  /** Who holds or awaits a conflicting lock now; takes no lock. */
  look(): Promise<readonly Blocker[]>
  attempt(how: 'nowait' | 'queued', waitMs: number): Promise<AttemptOutcome>
  /** Told at most once a second while we wait. */
  onWait(waitedMs: number, attempts: number, blockers: readonly Blocker[]): void
  onAttempt(how: 'nowait' | 'queued', waitMs: number, got: boolean): void
}
