import { backfill } from '../backfill/backfill.ts'
import type { BackfillJob } from '../backfill/job.ts'
import { workAt } from '../backfill/work-at.ts'
import { defaultWorkers, workerName } from '../backfill/workers.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { BackfillStep } from '../model/plan.ts'
import { present } from '../std/present.ts'
import { withMoreWorkers } from './more-workers.ts'
import type { RunOptions } from './options.ts'
import type { StepContext, StepOutcome } from './step-context.ts'
import { journalOf } from './step-context.ts'

/** Takes part in a batched change over the work session, alone or with whoever runs `lockkeeper backfill run` on it elsewhere. */
export async function runBackfill(step: BackfillStep, context: StepContext): Promise<StepOutcome> {
  const { options, migration } = context
  const began = performance.now()
  const job = await withCode(jobOf(step, context), context)
  await job.store.revive(job.key)
  const more = { context, count: workersOf(job, options) - 1, holdFor: holdOver(step, options) }
  const { rows } = await withMoreWorkers(job, more, () => backfill(job))
  // The limit of a module's queries is none for what comes after.
  if (job.code !== undefined) await job.session.query('select 1 as one', [], { statementTimeoutMs: 0 })
  await journalOf(context).record(options.plan.project, {
    type: 'step-done',
    migration,
    step: step.id,
    ms: Math.round(performance.now() - began),
    attempts: 0,
    rows,
  })
  return { attempts: 0, rows }
}

function workersOf({ code }: BackfillJob, { backfills }: RunOptions): number {
  return backfills?.workers ?? code?.concurrency ?? defaultWorkers
}

type HoldOver = (ours: () => readonly number[]) => BackfillJob['hold']

function holdOver({ work }: BackfillStep, { backfills }: RunOptions): HoldOver {
  return (ours) => backfills?.holdFor?.(work.relation, ours) ?? (() => Promise.resolve(undefined))
}

/** Where the code failed and was mended since, the mended one takes its place: nobody works on it by then. */
async function withCode(job: BackfillJob, { options }: StepContext): Promise<BackfillJob> {
  const { work } = job.definition
  if (work.kind !== 'code') return job
  const stored = await job.store.read(job.key)
  const failed = stored?.failure !== undefined
  // What mended it before is what counts, not what was planned.
  const begun = stored?.definition?.work
  const code = await options.loadBackfill?.(begun?.kind === 'code' ? begun : work, failed)
  if (code === undefined) throw new LockkeeperError('backfill-refused', `${work.module} is code, and none is run here`)
  const definition = { ...job.definition, work: { ...work, hash: code.hash }, ...present({ verify: code.verify }) }
  if (failed) await job.store.redefine(job.key, definition)
  return { ...job, definition, code }
}

function jobOf(step: BackfillStep, { options, connections, migration, startedAt, emit }: StepContext): BackfillJob {
  const { engine, plan, signal, lockBudgetMs, maxLockWaitMs, backfills } = options
  const place = { migration, step: step.id }
  return {
    key: { project: plan.project, migration, step: step.id },
    definition: {
      work: workAt(step.work, engine.dialect.literal(startedAt)),
      walk: step.walk,
      batchTargetMs: step.batchTargetMs,
      triggers: backfills?.triggers ?? 'fire',
    },
    owner: workerName,
    session: connections.work,
    store: engine.backfills(connections.work),
    control: engine.backfills(connections.control),
    lockBudgetMs,
    maxLockWaitMs,
    maxHoldMs: backfills?.maxHoldMs ?? maxHoldMs,
    leaseMs,
    hold: holdOver(step, options)(() => connections.ours),
    signal,
    listener: {
      onBatch: (progress) => emit({ type: 'batch-done', ...place, ...progress }),
      onHeld: (held) => emit({ type: 'backfill-held', ...place, ...held }),
      onNotice: (text) => emit({ type: 'backfill-notice', ...place, text }),
    },
  }
}

/** A worker gives a sign of life with each batch, and four times in this while it is held. */
export const leaseMs = 30_000
/** A schedule may keep it back for most of a day. */
export const maxHoldMs = 24 * 3_600_000
