import { backfill } from '../backfill/backfill.ts'
import type { BackfillStep, Work } from '../model/plan.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'

/** Hands a batched change to the backfill engine, over the work session; its checkpoint is in the journal's backfill table. */
export async function runBackfill(step: BackfillStep, context: StepContext): Promise<StepOutcome> {
  const { options, connections, migration, emit } = context
  const began = performance.now()
  const journal = journalOf(context)
  const { rows } = await backfill({
    session: connections.work,
    journal,
    project: options.plan.project,
    migration,
    step: step.id,
    work: atStart(step.work, options.engine.dialect.literal(context.startedAt)),
    walk: step.walk,
    batchTargetMs: step.batchTargetMs,
    lockBudgetMs: options.lockBudgetMs,
    maxLockWaitMs: options.maxLockWaitMs,
    signal: options.signal,
    onBatch: (progress) => emit({ type: 'batch-done', migration, step: step.id, ...progress }),
  })
  await journal.record(options.plan.project, {
    type: 'step-done',
    migration,
    step: step.id,
    ms: Math.round(performance.now() - began),
    attempts: 0,
    rows,
  })
  return { attempts: 0, rows }
}

/** {now} is one moment for the whole change, also when it is resumed: when the migration began. */
function atStart(work: Work, now: string): Work {
  const fill = (sql: string): string => sql.replaceAll('{now}', () => now)
  switch (work.kind) {
    case 'update':
      return { ...work, set: fill(work.set), where: fill(work.where) }
    case 'delete':
      return { ...work, where: fill(work.where) }
  }
}
