import type { JournalEntry } from '../model/journal.ts'

/** What the journal says of one migration. `started` steps are the only ones that are ever probed (H1). */
export interface MigrationProgress {
  /** `expanded`: waits for `complete`. `aborting`: an abort began and did not end; only abort may go on. */
  readonly state: 'running' | 'expanded' | 'complete' | 'failed' | 'aborting' | 'aborted'
  readonly steps: ReadonlyMap<string, 'started' | 'done'>
  /** The step that began or failed last. */
  readonly step?: string
  readonly error?: { readonly code: string; readonly message: string }
  readonly startedAt: Date
  /** Since when the new application may run: the ORM's history has it from then on. */
  readonly expandedAt?: Date
  readonly endedAt?: Date
}

export type Progress = ReadonlyMap<string, MigrationProgress>

/** State is the fold of the journal, in its order; a migration that starts again after an abort starts from nothing. */
export function fold(entries: readonly JournalEntry[]): Progress {
  const progress = new Map<string, MigrationProgress>()
  for (const entry of entries) {
    const next = after(progress.get(entry.event.migration), entry)
    if (next !== undefined) progress.set(entry.event.migration, next)
  }
  return progress
}

export function inFlight(progress: Progress): readonly string[] {
  return [...progress].filter(([, { state }]) => state === 'running' || state === 'failed' || state === 'aborting').map(([id]) => id)
}

/** Those that wait for `complete`, in the order in which they were begun. */
export function expandedIn(progress: Progress): readonly string[] {
  return [...progress].filter(([, { state }]) => state === 'expanded').map(([id]) => id)
}

/** What `complete` takes, in this order: contracts that were begun and stopped, then what waits for them. */
export function completable(progress: Progress): readonly string[] {
  const begun = inFlight(progress).filter((id) => progress.get(id)?.state !== 'aborting' && progress.get(id)?.expandedAt !== undefined)
  return [...begun, ...expandedIn(progress)]
}

function after(before: MigrationProgress | undefined, { at, event }: JournalEntry): MigrationProgress | undefined {
  if (event.type === 'migration-started') return { state: 'running', steps: new Map(), startedAt: at }
  if (before === undefined) return undefined
  switch (event.type) {
    case 'step-started':
      return { ...before, state: 'running', step: event.step, steps: new Map([...before.steps, [event.step, 'started']]) }
    case 'step-done':
      return { ...before, state: 'running', step: event.step, steps: new Map([...before.steps, [event.step, 'done']]) }
    case 'migration-expanded':
      return { ...before, state: 'expanded', expandedAt: before.expandedAt ?? at }
    case 'gate-overridden':
      return before
    case 'migration-done':
      return { ...before, state: 'complete', endedAt: at }
    case 'migration-failed':
      if (before.state === 'aborting') return before
      return {
        ...before,
        state: 'failed',
        error: { code: event.code, message: event.message },
        endedAt: at,
        ...(event.step === undefined ? {} : { step: event.step }),
      }
    case 'migration-aborting':
      return { ...before, state: 'aborting' }
    case 'migration-aborted':
      return { ...before, state: 'aborted', endedAt: at }
  }
}
