import type { Journal } from '../model/journal.ts'
import type { Connections } from './connections.ts'
import type { Emit, RunOptions } from './options.ts'

/** What every kind of step needs to run; `journal` speaks over the work session of the moment. */
export interface StepContext {
  readonly options: RunOptions
  readonly connections: Connections
  readonly migration: string
  /** Literal that stands for {now} in backfills: one value for the whole run of a migration (H7). */
  readonly startedAt: Date
  readonly emit: Emit
}

export interface StepOutcome {
  readonly attempts: number
  readonly heldMs?: number
  readonly rows?: number
}

export function journalOf({ options, connections }: Pick<StepContext, 'options' | 'connections'>): Journal {
  return options.engine.journal(connections.work)
}
