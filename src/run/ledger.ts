import { present } from '../std/present.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { PlannedMigration } from '../model/plan.ts'
import { Connections } from './connections.ts'
import type { MigrationReport, RunOptions, RunReport, StepReport } from './options.ts'

/** Opens the two sessions, acts, and reports; an error tells what was done until then. */
export async function reported(options: RunOptions, act: (connections: Connections, ledger: Ledger) => Promise<void>): Promise<RunReport> {
  const began = performance.now()
  await using connections = await Connections.open(options)
  const ledger = new Ledger()
  try {
    await act(connections, ledger)
  } catch (error) {
    throw withProgress(error, options, ledger)
  }
  return ledger.report(performance.now() - began)
}

function withProgress(error: unknown, { signal }: RunOptions, ledger: Ledger): unknown {
  const details = { committed: ledger.committed, report: ledger.report(0) }
  if (signal.aborted)
    return new LockkeeperError(
      'interrupted',
      ledger.committed ? 'interrupted; the database is in a state from which apply goes on' : 'interrupted before anything was changed',
      { cause: error, details },
    )
  if (!(error instanceof LockkeeperError))
    return new LockkeeperError('internal', error instanceof Error ? error.message : String(error), { cause: error, details })
  return new LockkeeperError(error.code, error.message, { hint: error.hint, cause: error.cause, details: { ...error.details, ...details } })
}

interface Entry extends Pick<MigrationReport, 'shows'> {
  state: MigrationReport['state']
  readonly steps: Map<string, StepReport>
}

/** What this run did, for its report. */
export class Ledger {
  /** Whether anything was committed: it decides between status 3 or 4 and 5. */
  committed = false
  readonly #migrations = new Map<string, Entry>()

  begin(migration: PlannedMigration): void {
    const steps = migration.steps.map(
      (step) => [step.id, { id: step.id, title: step.title, state: 'pending', attempts: 0, ms: 0 } satisfies StepReport] as const,
    )
    this.#migrations.set(migration.id, {
      state: 'pending',
      steps: new Map<string, StepReport>(steps),
      ...present({ shows: migration.shows }),
    })
  }

  add(migration: PlannedMigration, report: StepReport): void {
    if (report.state === 'done') this.committed = true
    this.#migrations.get(migration.id)?.steps.set(report.id, report)
  }

  end(migration: PlannedMigration, state: MigrationReport['state']): void {
    const entry = this.#migrations.get(migration.id)
    if (entry === undefined) return
    entry.state = state
    if (state === 'complete' || state === 'expanded') this.committed = true
  }

  report(ms: number): RunReport {
    const migrations = [...this.#migrations].map(([id, { state, steps, ...shows }]) => ({
      id,
      state,
      steps: [...steps.values()],
      ...shows,
    }))
    const steps = migrations.flatMap((migration) => migration.steps).filter((step) => step.state === 'done')
    const longest = Math.max(0, ...steps.map((step) => step.lockHeldMs ?? 0))
    return {
      migrations,
      summary: {
        longestLockHeldMs: longest,
        steps: steps.length,
        attempts: steps.reduce((sum, step) => sum + step.attempts, 0),
        ms: Math.round(ms),
      },
    }
  }
}
