import type { Lease } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { BackfillJob } from './job.ts'
import { whatIsLeft } from './verify.ts'
import type { Walker } from './walker.ts'

type SweepDone = Extract<Lease, { readonly kind: 'sweep-done' }>

/**
 * All was gone through: asks the table what is left, and begins the next sweep where something is. False once nothing is left to do. Throws
 * `rows-still-match` where going through it again would never end.
 */
export async function endSweep(walker: Walker, lease: SweepDone): Promise<boolean> {
  const { job } = walker
  if (lease.sweep > 0 && !(await beating(job, lease, () => isLeft(walker, lease)))) {
    await job.store.finish(job.key, lease.end)
    return true
  }
  await nextSweep(walker, lease)
  return true
}

async function isLeft(walker: Walker, { sweep, still }: SweepDone): Promise<boolean> {
  const { job } = walker
  const standing = walker.endSweep((await job.store.read(job.key))?.rows ?? 0) >= standingSweeps
  const left = await whatIsLeft(job, still > 0 || standing || sweep >= maxSweeps)
  if (left === undefined) return false
  const { work } = job.definition
  if (still > 0 || standing || !work.falsifies) throw await failed(job, stillText(job, left, standing))
  if (sweep >= maxSweeps) throw await failed(job, newText(job, left))
  return true
}

/** One may find that what is left was written behind it, and the next one does that. */
const standingSweeps = 2
/** Each leaves only what was written behind its back; more than this means that somebody keeps writing such rows. */
const maxSweeps = 20

type Left = NonNullable<Awaited<ReturnType<typeof whatIsLeft>>>

function stillText({ definition: { work, verify } }: BackfillJob, { count, examples }: Left, standing: boolean): LockkeeperError {
  const named = examples.length === 0 ? '' : `, for example ${examples.join(', ')}`
  const what =
    verify === undefined
      ? `still match ${work.where} ${standing ? 'and none of them can be changed: a trigger may keep them' : 'after they were changed: their new value is no better'}`
      : 'are left, says the query that verifies it'
  return new LockkeeperError('rows-still-match', `${count} rows of ${work.relation}${named} ${what}`, {
    details: { relation: work.relation, rows: count, examples },
  })
}

function newText({ definition: { work } }: BackfillJob, { count }: Left): LockkeeperError {
  return new LockkeeperError(
    'rows-still-match',
    `${work.relation}: after ${maxSweeps} sweeps there are rows with ${work.where} again (${count} now)`,
    { hint: 'The running application keeps writing such rows. Deploy the version that no longer does, then run the same command again.' },
  )
}

async function failed({ store, key }: BackfillJob, error: LockkeeperError): Promise<LockkeeperError> {
  await store.fail(key, error.message)
  return error
}

/** Looking at a large table takes longer than a lease lasts. */
async function beating<T>(job: BackfillJob, { end }: SweepDone, look: () => Promise<T>): Promise<T> {
  const timer = setInterval(() => void job.control.beat(job.key, end, { leaseMs: job.leaseMs }).catch(() => undefined), job.leaseMs / 4)
  try {
    return await look()
  } catch (error) {
    await job.control.release(end).catch(() => undefined)
    throw error
  } finally {
    clearInterval(timer)
  }
}

/** Lists the partitions as of now: those that came meanwhile are gone through too. */
async function nextSweep({ job, ranges }: Walker, { end }: SweepDone): Promise<void> {
  const pieces = await job.store.pieces(job.definition.work.relation, job.definition.walk.by)
  const parts = []
  for (const { relation, relationOid, pages } of pieces) parts.push({ relation, relationOid, bound: await ranges.bound(relation, pages) })
  await job.store.nextSweep(job.key, end, parts)
}
