import type { TableLock } from '../model/facts.ts'
import type { SqlStep } from '../model/plan.ts'
import { acquire } from './acquire.ts'
import { refuseOutsideWindow } from './window.ts'
import { lookForLeftovers } from './probe.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'
import { supervise, waitForOlderSnapshots } from './supervise.ts'

/**
 * Runs one step of SQL and writes its done row: with the act where the act is transactional, after it where it cannot be.
 * Strong locks are had by `acquire`; what blocks nobody runs as long as it needs, watched.
 */
export async function runSql(step: SqlStep, context: StepContext): Promise<StepOutcome> {
  if (step.session.length > 0) await context.connections.work.script(step.session)
  if (!step.transaction) return await runAlone(step, context)
  if (step.probe !== undefined && (await lookForLeftovers(step, context)) === 'done') return await recordDone(step, context)
  const locks = strongLocks(step.locks)
  return locks.length === 0 ? await runWatched(step, context) : await runUnderLock(step, locks, context)
}

export function strongLocks(locks: readonly TableLock[]): readonly TableLock[] {
  return locks.filter((lock) => lock.blocksReads || lock.blocksWrites)
}

/** What commits in one message once the locks are had; asked anew for each try. */
export interface LockedWork {
  readonly id: string
  statements(): readonly string[]
  readonly lockTimeoutMs: number
  readonly statementTimeoutMs: number
}

/** Also for the statements by which `abort` takes a step back. */
export async function takeAndRun(work: LockedWork, locks: readonly TableLock[], context: StepContext): Promise<StepOutcome> {
  const { options, connections, migration, emit } = context
  const { work: session } = connections
  await refuseOutsideWindow(context)
  const { signal } = options
  const acquired = await acquire({
    locks,
    budgetMs: work.lockTimeoutMs > 0 ? Math.min(work.lockTimeoutMs, options.lockBudgetMs) : options.lockBudgetMs,
    maxWaitMs: options.maxLockWaitMs,
    ...(options.maxAttempts === undefined ? {} : { maxAttempts: options.maxAttempts }),
    signal,
    look: () => connections.blockers(locks),
    attempt: (how, waitMs) =>
      session.attempt({ locks, how, waitMs, statementTimeoutMs: work.statementTimeoutMs, statements: work.statements() }, { signal }),
    onWait: (waitedMs, attempts, blockers) => emit({ type: 'waiting-for-lock', migration, step: work.id, waitedMs, attempts, blockers }),
    onAttempt: (how, waitMs, got) => emit({ type: 'lock-attempt', migration, step: work.id, how, waitMs, got }),
  })
  return { attempts: acquired.attempts, heldMs: acquired.heldMs }
}

function runUnderLock(step: SqlStep, locks: readonly TableLock[], context: StepContext): Promise<StepOutcome> {
  const began = performance.now()
  return takeAndRun({ ...step, statements: () => [...step.sql, ...doneSql(step, context, began)] }, locks, context)
}

function doneSql(step: Pick<SqlStep, 'id'>, context: StepContext, began: number): readonly string[] {
  const event = {
    type: 'step-done',
    migration: context.migration,
    step: step.id,
    ms: Math.round(performance.now() - began),
    attempts: 0,
  } as const
  return journalOf(context).recordSql(context.options.plan.project, event)
}

async function recordDone(step: SqlStep, context: StepContext): Promise<StepOutcome> {
  await context.connections.work.script(doneSql(step, context, performance.now()), { signal: context.options.signal })
  return { attempts: 0 }
}

/** No lock that anyone could wait behind (VALIDATE, new tables): nothing to hurry for, but never without a limit. */
async function runWatched(step: SqlStep, context: StepContext): Promise<StepOutcome> {
  const began = performance.now()
  const { work } = context.connections
  if (step.waitsForSnapshots) await waitForOlderSnapshots(step.id, context)
  const limits = { statementTimeoutMs: step.statementTimeoutMs, signal: context.options.signal }
  await supervise(step.id, context, () => work.script([...step.sql, ...doneSql(step, context, began)], limits))
  return { attempts: 0 }
}

/** CONCURRENTLY: intent row, look, act, look again, done row. Its own waits block nobody, so no lock_timeout: that only leaves an INVALID index. */
async function runAlone(step: SqlStep, context: StepContext): Promise<StepOutcome> {
  const began = performance.now()
  const { work } = context.connections
  const state = await lookForLeftovers(step, context)
  if (state !== 'done') {
    if (step.waitsForSnapshots) await waitForOlderSnapshots(step.id, context)
    for (const sql of step.sql)
      await supervise(step.id, context, () =>
        work.script([sql], { statementTimeoutMs: step.statementTimeoutMs, signal: context.options.signal }),
      )
  }
  await journalOf(context).record(context.options.plan.project, {
    type: 'step-done',
    migration: context.migration,
    step: step.id,
    ms: Math.round(performance.now() - began),
    attempts: 0,
  })
  return { attempts: 0 }
}
