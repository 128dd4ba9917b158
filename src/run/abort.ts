import { LockkeeperError } from '../model/errors.ts'
import type { StoredMigration } from '../model/journal.ts'
import type { Migration } from '../model/migration.ts'
import type { EachStep, Step } from '../model/plan.ts'
import { Connections } from './connections.ts'
import { openHistory, rollBackMigration } from './history.ts'
import type { RunOptions } from './options.ts'
import { emitter } from './options.ts'
import { undoEach } from './run-each.ts'
import { strongLocks, takeAndRun } from './run-sql.ts'
import type { MigrationProgress, Progress } from './state.ts'
import { expandedIn, fold, inFlight } from './state.ts'
import type { StepContext } from './step-context.ts'
import { journalOf } from './step-context.ts'
import { supervise } from './supervise.ts'

export interface AbortReport {
  readonly migration: string
  /** Ids of the steps taken back, in the order in which it was done. */
  readonly undone: readonly string[]
}

/**
 * Takes an unfinished migration back to where it began: what was added goes, last step first, each through the lock loop.
 * The files are not needed. Past the point of no return nothing is touched (`past-no-return`).
 */
export async function abort(options: RunOptions & { readonly migration?: string }): Promise<AbortReport> {
  await using connections = await Connections.open(options)
  await connections.work.refuseReadOnly()
  const journal = options.engine.journal(connections.work)
  // An older lockkeeper may have begun it.
  if (await journal.exists()) await journal.install()
  const progress = fold(await journal.read(options.plan.project))
  const id = whichOne(options.migration, progress)
  const stored = await journal.stored(options.plan.project, id)
  if (stored === undefined) throw new LockkeeperError('nothing-to-abort', `the journal holds no plan of ${id}`)
  const context: StepContext = { options, connections, migration: id, startedAt: stored.startedAt, emit: emitter(options.listener) }
  await refuseLaterRecorded(id, context)
  return { migration: id, undone: await takeBack(stored, progress.get(id), context) }
}

function whichOne(wanted: string | undefined, progress: Progress): string {
  const open = [...inFlight(progress), ...expandedIn(progress)]
  if (wanted !== undefined) {
    if (open.includes(wanted)) return wanted
    throw new LockkeeperError(
      'nothing-to-abort',
      `${wanted} is not in flight: ${progress.get(wanted)?.state ?? 'lockkeeper never began it'}`,
    )
  }
  const [only, ...others] = open
  if (only === undefined) throw new LockkeeperError('nothing-to-abort', 'no migration is in flight or expanded')
  if (others.length > 0)
    throw new LockkeeperError('usage', `several migrations are in flight or expanded: ${open.join(', ')}`, {
      hint: 'Say which: lockkeeper abort NAME.',
    })
  return only
}

/** Taking one back from under later ones would leave the ORM a history with a hole (H12). */
async function refuseLaterRecorded(id: string, context: StepContext): Promise<void> {
  const history = await openHistory(context)
  const { migrations } = context.options
  const at = migrations.findIndex((migration) => migration.id === id)
  const isThere = (migration: Migration) => ['applied', 'unfinished'].includes(history?.stateOf(migration) ?? 'pending')
  const later = at < 0 ? undefined : migrations.slice(at + 1).find(isThere)
  if (later === undefined) return
  const how = history?.stateOf(later) === 'applied' ? 'applied' : 'begun'
  throw new LockkeeperError('later-recorded', `${later.id} comes after ${id} and is recorded as ${how}`)
}

async function takeBack(
  stored: StoredMigration,
  progress: MigrationProgress | undefined,
  context: StepContext,
): Promise<readonly string[]> {
  const begun = stored.migration.steps.filter((step) => progress?.steps.has(step.id) === true).toReversed()
  const final = begun.find((step) => step.undo.kind === 'forward-only' && progress?.steps.get(step.id) === 'done')
  if (final?.undo.kind === 'forward-only')
    throw new LockkeeperError('past-no-return', `${stored.migration.id} cannot be taken back: ${final.title} (${final.undo.why})`)
  await journalOf(context).record(context.options.plan.project, { type: 'migration-aborting', migration: stored.migration.id })
  const undone: string[] = []
  for (const step of begun) {
    context.options.signal.throwIfAborted()
    if (!(await undo(step, context))) continue
    undone.push(step.id)
    context.emit({ type: 'step-undone', migration: stored.migration.id, step: step.id })
  }
  await rollBackMigration(stored, context)
  context.emit({ type: 'migration-aborted', migration: stored.migration.id })
  return undone
}

async function undo(step: Step, context: StepContext): Promise<boolean> {
  if (step.kind === 'each') await undoEachLeaf(step, context)
  if (step.undo.kind !== 'cleanup') return false
  for (const sql of step.undo.sql) await runUndo(step.id, sql, context)
  return true
}

async function undoEachLeaf(step: EachStep, context: StepContext): Promise<void> {
  for (const sql of await undoEach(step, context)) await runUndo(step.id, sql, context)
}

/** The statement's own facts say which locks it needs: they are had like those of any step. */
async function runUndo(id: string, sql: string, context: StepContext): Promise<void> {
  const { options, connections } = context
  const { engine } = options
  await engine.load()
  const catalog = await connections.control.readCatalog()
  const facts = engine.parse(new TextEncoder().encode(sql)).map((statement) => engine.facts(statement, catalog))
  const locks = strongLocks(facts.flatMap((fact) => fact.locks))
  const alone = facts.some((fact) => fact.transaction === 'forbidden')
  if (alone || locks.length === 0) await supervise(id, context, () => connections.work.script([sql], { signal: options.signal }))
  else
    await takeAndRun(
      { id: `undo-${id}`, statements: () => [sql], lockTimeoutMs: options.lockBudgetMs, statementTimeoutMs: 0 },
      locks,
      context,
    )
}
