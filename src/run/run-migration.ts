import { LockkeeperError } from '../model/errors.ts'
import type { JournalEvent, StoredMigration } from '../model/journal.ts'
import type { PlannedMigration } from '../model/plan.ts'
import type { Connections } from './connections.ts'
import { runDataChecks } from './data-checks.ts'
import { lookFirst } from './evidence-gate.ts'
import { finishContract, finishMigration, openHistory, startMigration, withdrawMigration } from './history.ts'
import type { Ledger } from './ledger.ts'
import type { RunOptions } from './options.ts'
import { emitter } from './options.ts'
import { fold } from './state.ts'
import { journalOf, type StepContext } from './step-context.ts'
import { persistently, runSteps } from './step-loop.ts'

export interface ToRun {
  readonly stored: StoredMigration
  /** It was started before: its plan and bytes are the journal's, not the files'. */
  readonly resumed: boolean
}

export interface Running {
  readonly options: RunOptions
  readonly connections: Connections
  readonly ledger: Ledger
}

/** From where the journal says that it stands, to its end or to its gate. */
export async function runMigration({ stored, resumed }: ToRun, running: Running): Promise<void> {
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
    const state = await runSteps(migration, context, (report) => ledger.add(migration, report))
    await persistently(context, () => finish(stored, state, context))
    ledger.end(migration, state)
  } catch (error) {
    const withdrawn = await giveUp(error, { stored, resumed, context })
    ledger.end(migration, withdrawn ? 'pending' : 'failed')
    throw error
  }
}

async function finish(stored: StoredMigration, state: 'complete' | 'expanded', context: StepContext): Promise<void> {
  const { migration, options } = context
  const type = state === 'complete' ? 'migration-done' : 'migration-expanded'
  const before = fold(await journalOf(context).read(options.plan.project)).get(migration)
  const isRecorded = before?.state === state
  if (!isRecorded && before?.expandedAt === undefined) await finishMigration(stored, type, context)
  else if (!isRecorded) await finishContract(stored, type, context)
  context.emit({ type, migration })
  if (state === 'expanded') await lookFirst(stored.migration, context)
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
  // A closed gate is no failure: the migration stays what it was.
  if (event.code === 'connection-lost' || event.code === 'gate-closed') return false
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
  // Who waited at a gate, and gave up, leaves it as it was: expanded.
  if (progress?.state !== 'expanded') context.emit(event)
  if (progress?.state !== 'running') return false
  const untouched = !resumed && leavesNothing(stored.migration) && [...progress.steps.values()].every((state) => state === 'started')
  if (untouched) await withdrawMigration(stored, context)
  else if (!options.signal.aborted) await journal.record(options.plan.project, event)
  return untouched
}

/** What the journal holds of a migration that was begun. */
export async function storedOf(id: string, options: RunOptions, connections: Connections): Promise<StoredMigration> {
  const stored = await options.engine.journal(connections.work).stored(options.plan.project, id)
  if (stored === undefined) throw new LockkeeperError('internal', `the journal says that ${id} is in flight, but not what its plan is`)
  return stored
}
