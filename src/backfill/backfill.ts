import { LockkeeperError } from '../model/errors.ts'
import type { Checkpoint, Journal } from '../model/journal.ts'
import type { Walk, Work } from '../model/plan.ts'
import type { Session } from '../model/session.ts'
import { jitter, sleep } from '../std/sleep.ts'
import { BatchSize } from './batch-size.ts'
import { keyRanges } from './key-ranges.ts'
import { pageRanges } from './page-ranges.ts'
import type { Ranges } from './ranges.ts'

export interface Backfill {
  readonly session: Session
  readonly journal: Journal
  readonly project: string
  readonly migration: string
  readonly step: string
  readonly work: Work
  readonly walk: Walk
  /** How long one batch may hold its row locks; the size of batches follows from it. */
  readonly batchTargetMs: number
  /** The longest that one batch waits for a row that somebody else has locked, while it holds others. */
  readonly lockBudgetMs: number
  readonly maxLockWaitMs: number
  readonly signal: AbortSignal
  onBatch(progress: BatchProgress): void
}

export interface BatchProgress {
  readonly rows: number
  readonly totalRows: number
  /** 0 to 1 of the pass over the table. */
  readonly fraction: number
  readonly ms: number
}

/**
 * Changes a whole table in short transactions, each with its checkpoint, so that it goes on where it was killed and no row
 * is changed twice. Walks up to a bound fixed at the start; where an updated row no longer matches, it sweeps again until
 * none is left (rows that the application wrote meanwhile). Row locks are held for `batchTargetMs` at a time; no table lock
 * above ROW EXCLUSIVE. Gives the rows changed, earlier runs included.
 */
export async function backfill(job: Backfill): Promise<{ readonly rows: number }> {
  const ranges = job.walk.by === 'key' ? keyRanges(job, job.walk) : pageRanges(job)
  let checkpoint = await job.journal.checkpoint(job)
  for (let pass = 1; checkpoint?.done !== true; pass++) {
    checkpoint = await walkOnce(job, ranges, checkpoint)
    const again = job.work.falsifies && (await anyLeft(job))
    if (again && pass >= maxPasses) throw neverEnds(job, checkpoint)
    checkpoint = await save(job, { ...checkpoint, cursor: null, bound: null, done: !again })
  }
  return { rows: checkpoint.rows }
}

/** Each pass leaves only what was written behind its back; more than this means that somebody keeps writing such rows. */
const maxPasses = 20

function neverEnds({ work }: Backfill, { rows }: Checkpoint): LockkeeperError {
  return new LockkeeperError(
    'step-failed',
    `${work.relation}: after ${maxPasses} passes (${rows} rows changed) there are still rows with ${work.where}`,
    {
      hint: 'The running application keeps writing such rows. Deploy the version that no longer does, then run lockkeeper apply again.',
    },
  )
}

async function walkOnce(job: Backfill, ranges: Ranges, from: Checkpoint | undefined): Promise<Checkpoint> {
  const bound = from?.bound ?? (await ranges.bound())
  let checkpoint: Checkpoint = { cursor: from?.cursor ?? null, bound, rows: from?.rows ?? 0, done: false }
  if (bound === null) return checkpoint
  const size = new BatchSize(job.batchTargetMs, ranges.firstSize)
  for (;;) {
    job.signal.throwIfAborted()
    const next = await ranges.next(checkpoint.cursor, bound, size.value)
    if (next === undefined) return checkpoint
    const began = performance.now()
    const done = await tryBatch(job, size, { ...checkpoint, cursor: next, range: ranges.within(checkpoint.cursor, next) })
    if (done === undefined) continue
    const ms = performance.now() - began
    size.took(ms, done.workMs)
    checkpoint = { ...checkpoint, cursor: next, rows: done.rows }
    job.onBatch({ rows: done.changed, totalRows: done.rows, fraction: ranges.fraction(next, bound), ms })
  }
}

type Done = { readonly rows: number; readonly changed: number; readonly workMs: number }

/** Undefined where a row was locked for too long (or a deadlock broken): the batch is halved and tried again. */
async function tryBatch(
  job: Backfill,
  size: BatchSize,
  { range, ...checkpoint }: Checkpoint & { readonly range: string },
): Promise<Done | undefined> {
  try {
    const sql = job.journal.batchSql({
      ...checkpoint,
      project: job.project,
      migration: job.migration,
      step: job.step,
      work: workSql(job.work, range),
    })
    const results = await job.session.script([`set local lock_timeout = '${Math.ceil(job.lockBudgetMs)}ms'`, sql], { signal: job.signal })
    const row = results.at(-1)?.rows[0]
    return { rows: Number(row?.['rows']), changed: Number(row?.['changed']), workMs: Number(row?.['ms']) }
  } catch (error) {
    await stepBack(job, size, error)
    return undefined
  }
}

/** While it waits for one row it holds others: so never long, then smaller, until the time is over. */
async function stepBack(job: Backfill, size: BatchSize, error: unknown): Promise<void> {
  const failure = job.session.classify(error)
  if (failure !== 'lock-timeout' && failure !== 'deadlock' && failure !== 'serialization') throw error
  size.stuck()
  if (size.stuckMs > job.maxLockWaitMs) {
    throw new LockkeeperError(
      'lock-not-had',
      `a row of ${job.work.relation} stayed locked by another transaction for ${Math.round(size.stuckMs / 1_000)} s`,
      { cause: error },
    )
  }
  await sleep(jitter(Math.min(1_000, 50 + size.stuckMs / 10)), job.signal)
}

function workSql(work: Work, range: string): string {
  const where = `${range} and (${work.where})`
  switch (work.kind) {
    case 'update':
      return `update ${work.relation} set ${work.set} where ${where} returning 1`
    case 'delete':
      return `delete from ${work.relation} where ${where} returning 1`
  }
}

async function anyLeft({ session, work, signal }: Backfill): Promise<boolean> {
  const [row] = await session.query(`select exists (select from ${work.relation} where ${work.where}) as "left"`, [], { signal })
  return row?.['left'] === true
}

async function save(job: Backfill, checkpoint: Checkpoint): Promise<Checkpoint> {
  await job.session.script([job.journal.batchSql({ ...checkpoint, project: job.project, migration: job.migration, step: job.step })])
  return checkpoint
}
