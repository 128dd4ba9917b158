import { LockkeeperError } from '../model/errors.ts'
import type { JournalEvent, StoredMigration } from '../model/journal.ts'
import type { Migration } from '../model/migration.ts'
import type { PlannedMigration } from '../model/plan.ts'
import { Connections } from './connections.ts'
import { runDataChecks } from './data-checks.ts'
import { finishMigration, openHistory, startMigration, withdrawMigration } from './history.ts'
import type { MigrationReport, RunOptions, RunReport, StepReport } from './options.ts'
import { emitter } from './options.ts'
import { preflight } from './preflight.ts'
import type { Progress } from './state.ts'
import { fold, inFlight } from './state.ts'
import type { StepContext } from './step-context.ts'
import { runSteps } from './step-loop.ts'

/**
 * Takes a plan through the locks of a database and writes down each act before it does it. What an earlier run left
 * unfinished goes on first, from the plan that the journal stored (H2). Changes the target; throws LockkeeperError, whose
 * details say `committed: true` where this run committed anything (status 5).
 */
export async function run(options: RunOptions): Promise<RunReport> {
  const began = performance.now()
  await using connections = await Connections.open(options)
  const ledger = new Ledger()
  try {
    await runAll(options, connections, ledger)
  } catch (error) {
    throw withProgress(error, options, ledger)
  }
  return ledger.report(performance.now() - began)
}

async function runAll(options: RunOptions, connections: Connections, ledger: Ledger): Promise<void> {
  await preflight(options, connections)
  const journal = options.engine.journal(connections.work)
  const progress = fold(await journal.read(options.plan.project))
  const todo = await whatToRun(options, connections, progress)
  await runDataChecks(
    todo.filter((one) => !one.resumed).map((one) => one.stored.migration),
    'run',
    { connections, signal: options.signal },
  )
  for (const one of todo) await runMigration(one, { options, connections, ledger })
}

interface ToRun {
  readonly stored: StoredMigration
  /** It was started before: its plan and bytes are the journal's, not the files'. */
  readonly resumed: boolean
}

/** What is in flight comes first and as it was planned then; of the plan, what is not complete yet. */
async function whatToRun(options: RunOptions, connections: Connections, progress: Progress): Promise<readonly ToRun[]> {
  const journal = options.engine.journal(connections.work)
  const resumed: ToRun[] = []
  for (const id of inFlight(progress)) {
    if (progress.get(id)?.state === 'aborting')
      throw new LockkeeperError('in-flight', `${id} is half taken back`, { hint: `Finish that first: lockkeeper abort ${id}` })
    const stored = await journal.stored(options.plan.project, id)
    if (stored === undefined) throw new LockkeeperError('internal', `the journal says that ${id} is in flight, but not what its plan is`)
    refuseChangedFile(stored, options)
    resumed.push({ stored, resumed: true })
  }
  const begun = new Set(resumed.map((one) => one.stored.migration.id))
  const fresh = options.plan.migrations.filter((migration) => !begun.has(migration.id) && progress.get(migration.id)?.state !== 'complete')
  return [...resumed, ...fresh.map((migration) => ({ stored: toStore(migration, options), resumed: false }))]
}

/** In flight, the journaled bytes stand; a file that differs is not silently ignored (H12). */
function refuseChangedFile({ migration }: StoredMigration, { migrations }: RunOptions): void {
  const file = migrations.find((candidate) => candidate.id === migration.id)
  if (file === undefined || file.checksum === migration.checksum) return
  throw new LockkeeperError('file-changed', `${file.file} was changed while its migration is in flight`, {
    details: { migration: migration.id, file: file.file },
  })
}

function toStore(migration: PlannedMigration, options: RunOptions): StoredMigration {
  const file = fileOf(migration, options)
  return {
    migration,
    source: migration.source,
    bytes: file.body.bytes,
    history: file.history,
    allowed: options.allowed,
    startedAt: new Date(),
    toolVersion: options.toolVersion,
    ...(options.history === undefined ? {} : { ledger: { schema: options.history.schema, table: options.history.table } }),
  }
}

function fileOf(migration: PlannedMigration, { migrations }: RunOptions): Migration {
  const file = migrations.find((candidate) => candidate.id === migration.id)
  if (file === undefined) throw new LockkeeperError('plan-stale', `${migration.file} is in the plan but not among the migrations`)
  if (file.checksum !== migration.checksum) throw new LockkeeperError('plan-stale', `${migration.file} was changed since the plan was made`)
  return file
}

interface Running {
  readonly options: RunOptions
  readonly connections: Connections
  readonly ledger: Ledger
}

async function runMigration({ stored, resumed }: ToRun, running: Running): Promise<void> {
  const { options, connections, ledger } = running
  const { migration } = stored
  const context: StepContext = {
    options,
    connections,
    migration: migration.id,
    startedAt: stored.startedAt,
    emit: emitter(options.listener),
  }
  ledger.begin(migration)
  try {
    if (!resumed) await start(stored, context)
    await runSteps(migration, context, (report) => ledger.add(migration, report))
    await finishMigration(stored, context)
    ledger.end(migration, 'complete')
    context.emit({ type: 'migration-done', migration: migration.id })
  } catch (error) {
    const withdrawn = await giveUp(error, { stored, resumed, context })
    ledger.end(migration, withdrawn ? 'pending' : 'failed')
    throw error
  }
}

async function start(stored: StoredMigration, context: StepContext): Promise<void> {
  const { migration, options, connections } = context
  await refuseOtherAnswers(stored, context)
  await runDataChecks([stored.migration], 'migration', { connections, signal: options.signal })
  await startMigration(stored, await openHistory(context), context)
  context.emit({ type: 'migration-started', migration })
}

/** Its SQL was decided on what a sandbox answered; on another answer it might have been other SQL. */
async function refuseOtherAnswers({ migration }: StoredMigration, { options, connections }: StepContext): Promise<void> {
  const file = options.migrations.find((candidate) => candidate.id === migration.id)
  if (file === undefined) return
  const broken = await options.brokenAssumption?.((sql, parameters) => connections.work.query(sql, parameters), file)
  if (broken === undefined) return
  throw new LockkeeperError(
    'plan-stale',
    `${file.file} asked its database something that this one answers otherwise: ${broken.sql.slice(0, 200)}`,
    {
      hint: 'The schema here is not what the migrations before it make. Look for the difference, or run this migration with the ORM.',
      details: { migration: migration.id, sql: broken.sql },
    },
  )
}

/** A first step in a transaction leaves nothing behind when it fails; a concurrent build does. */
function leavesNothing({ steps }: PlannedMigration): boolean {
  const [first] = steps
  return first === undefined || first.kind === 'code' || (first.kind === 'sql' && first.transaction)
}

interface GivingUp {
  readonly stored: StoredMigration
  readonly resumed: boolean
  readonly context: StepContext
}

/** Best effort: when the server is gone, the journal already says which step was begun. True where nothing of the migration is left. */
async function giveUp(error: unknown, given: GivingUp): Promise<boolean> {
  const event = failureOf(error, given.context)
  if (event.code === 'connection-lost') return false
  given.context.emit(event)
  try {
    return await writeFailure(event, given)
  } catch {
    // What stopped the run is what the user must hear of.
    return false
  }
}

type Failed = Extract<JournalEvent, { readonly type: 'migration-failed' }>

function failureOf(error: unknown, { migration }: StepContext): Failed {
  if (!(error instanceof LockkeeperError)) return { type: 'migration-failed', migration, code: 'interrupted', message: 'interrupted' }
  const step = typeof error.details['step'] === 'string' ? { step: error.details['step'] } : {}
  return { type: 'migration-failed', migration, code: error.code, message: error.message, ...step }
}

/** The journal decides, not what this process remembers: a step may be done whose answer never came. */
async function writeFailure(event: Failed, { stored, resumed, context }: GivingUp): Promise<boolean> {
  const { options, connections, migration } = context
  const journal = options.engine.journal(connections.work)
  const progress = fold(await journal.read(options.plan.project)).get(migration)
  if (progress?.state !== 'running') return false
  const untouched = !resumed && leavesNothing(stored.migration) && [...progress.steps.values()].every((state) => state === 'started')
  if (untouched) await withdrawMigration(stored, context)
  else if (!options.signal.aborted) await journal.record(options.plan.project, event)
  return untouched
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

/** What this run did, for its report. */
class Ledger {
  /** Whether anything was committed: it decides between status 3 or 4 and 5. */
  committed = false
  readonly #migrations = new Map<string, { state: MigrationReport['state']; readonly steps: Map<string, StepReport> }>()

  begin(migration: PlannedMigration): void {
    const steps = migration.steps.map(
      (step) => [step.id, { id: step.id, title: step.title, state: 'pending', attempts: 0, ms: 0 } satisfies StepReport] as const,
    )
    this.#migrations.set(migration.id, { state: 'pending', steps: new Map<string, StepReport>(steps) })
  }

  add(migration: PlannedMigration, report: StepReport): void {
    if (report.state === 'done') this.committed = true
    this.#migrations.get(migration.id)?.steps.set(report.id, report)
  }

  end(migration: PlannedMigration, state: MigrationReport['state']): void {
    const entry = this.#migrations.get(migration.id)
    if (entry === undefined) return
    entry.state = state
    if (state === 'complete') this.committed = true
  }

  report(ms: number): RunReport {
    const migrations = [...this.#migrations].map(([id, { state, steps }]) => ({ id, state, steps: [...steps.values()] }))
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
