import type { OpenHistory } from '../model/adapter.ts'
import type { StoredMigration } from '../model/journal.ts'
import type { Migration } from '../model/migration.ts'
import { jitter, sleep } from '../std/sleep.ts'
import type { StepContext } from './step-context.ts'
import { journalOf } from './step-context.ts'

type HistoryContext = Pick<StepContext, 'options' | 'connections'>

/** What the ORM's own table says now; undefined for sources without one. */
export async function openHistory(
  { options, connections }: HistoryContext,
  migrations: readonly Migration[] = options.migrations,
): Promise<OpenHistory | undefined> {
  return await options.history?.open((sql, parameters) => connections.work.query(sql, parameters), migrations, options.engine.dialect)
}

/** One transaction: our journal's start with plan and bytes, and the ORM's unfinished row where its table can say so (H12). */
export async function startMigration(stored: StoredMigration, history: OpenHistory | undefined, context: StepContext): Promise<void> {
  const file = migrationOf(stored)
  const orm = history === undefined ? [] : [...history.create, ...history.begin(file)]
  await commit([...journalOf(context).startSql(context.options.plan.project, stored), ...orm], context)
}

type Ending = 'migration-expanded' | 'migration-done'

/**
 * One transaction: the ORM's row and what our journal says of it. The new application may start once it is expanded, so the ORM has it as finished
 * from then on (H12), save where the ORM itself counts to the end of the contract.
 */
export async function finishMigration(stored: StoredMigration, type: Ending, context: StepContext): Promise<void> {
  const file = migrationOf(stored)
  const history = await openHistory(context, withFile(context.options.migrations, file))
  const waits = type === 'migration-expanded' && history?.endsWithContract === true
  const orm = history === undefined ? [] : [...history.create, ...(waits ? history.begin(file) : history.finish(file))]
  await commit([...orm, ...recordSql(type, context)], context)
}

/** The end of what was expanded before: for most ORMs in our journal alone. */
export async function finishContract(stored: StoredMigration, type: Ending, context: StepContext): Promise<void> {
  const file = migrationOf(stored)
  const history = await openHistory(context, withFile(context.options.migrations, file))
  const orm = type === 'migration-done' && history?.endsWithContract === true ? history.finish(file) : []
  await commit([...orm, ...recordSql(type, context)], context)
}

function recordSql(type: Ending, context: StepContext): readonly string[] {
  return journalOf(context).recordSql(context.options.plan.project, { type, migration: context.migration })
}

/** One transaction: the run gave up before its first step, so neither history shows that it ever began. */
export async function withdrawMigration(stored: StoredMigration, context: StepContext): Promise<void> {
  const file = migrationOf(stored)
  const history = await openHistory(context, withFile(context.options.migrations, file))
  const orm = history?.withdraw?.(file) ?? []
  await commit(
    [...orm, ...journalOf(context).recordSql(context.options.plan.project, { type: 'migration-aborted', migration: context.migration })],
    { ...context, options: { ...context.options, signal: neverAborted } },
  )
}

/** Giving up is itself not given up when the user presses Ctrl-C. */
const neverAborted = new AbortController().signal

/** One transaction: the ORM sees the migration pending again, and our journal says that it was taken back. */
export async function rollBackMigration(stored: StoredMigration, context: StepContext): Promise<void> {
  const file = migrationOf(stored)
  const history = await openHistory(context, withFile(context.options.migrations, file))
  const orm = history === undefined ? [] : history.rollBack(file)
  await commit(
    [...orm, ...journalOf(context).recordSql(context.options.plan.project, { type: 'migration-aborted', migration: context.migration })],
    context,
  )
}

/** The migration as it was when it began: from the journal, so that no file is needed (H2). */
function migrationOf({ migration, bytes, history, source }: StoredMigration): Migration {
  return {
    id: migration.id,
    source,
    file: migration.file,
    checksum: migration.checksum,
    body: { kind: 'sql', bytes },
    transaction: 'file',
    history,
  }
}

function withFile(migrations: readonly Migration[], file: Migration): readonly Migration[] {
  return migrations.some((one) => one.id === file.id) ? migrations : [...migrations, file]
}

/** The ORM's own deploy may hold its table for a moment; we wait within the budget, step back, and give up in the end. */
async function commit(statements: readonly string[], context: StepContext): Promise<void> {
  const { options, connections, emit, migration } = context
  const began = performance.now()
  for (let tries = 0; ; tries++) {
    try {
      await connections.work.script([`set local lock_timeout = '${Math.ceil(options.lockBudgetMs)}ms'`, ...statements], {
        signal: options.signal,
      })
      return
    } catch (error) {
      const failure = connections.work.classify(error)
      if (failure !== 'lock-timeout' && failure !== 'deadlock') throw error
      if (performance.now() - began > options.maxLockWaitMs) throw error
      emit({ type: 'retrying', migration, step: 'history', code: failure, message: 'the history table is locked', inMs: 200 })
      await sleep(jitter(200), options.signal)
    }
  }
}
