import type { BatchDone } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Failure } from '../model/session.ts'
import { jitter, sleep } from '../std/sleep.ts'
import type { Walker } from './walker.ts'

type Counted = Pick<BatchDone, 'rows' | 'still' | 'missed' | 'wanted'> & { readonly ms: number }

/** A batch is committed. Throws `rows-still-match` where none of so many was any better, and `lock-not-had` where a row is come back to in vain. */
export async function countBatch(walker: Walker, { rows, still, missed, wanted, ms }: Counted): Promise<void> {
  walker.rows += rows
  walker.still += still
  walker.wanted = wanted
  refuseAllStill(walker)
  if (rows > 0 || missed === 0) walker.moved()
  else walker.refuseStanding(true)
  await walker.progress({ rows, ms })
}

/** A failure after which the same batch may be tried again. `cancelled`: by its time limit, or by somebody who saw it; a smaller one is what either wants. */
export function passes(failure: Failure): boolean {
  return passing.has(failure)
}

const passing: ReadonlySet<Failure> = new Set(['lock-timeout', 'deadlock', 'serialization', 'statement-timeout', 'cancelled'])

/** Smaller, later, until the time is over. */
export async function stepBack(walker: Walker, error: unknown): Promise<'again'> {
  const { job, size } = walker
  walker.refuseStanding(error)
  size.stuck()
  await sleep(jitter(Math.min(1_000, 50 + size.stuckMs / 10)), job.signal)
  return 'again'
}

/** So many without a single one that the change helped: no need to write the whole table for nothing. */
const enoughStill = 10_000

function refuseAllStill({ still, rows, job }: Walker): void {
  if (still < enoughStill || still < rows) return
  const { relation, where } = job.definition.work
  throw new LockkeeperError(
    'rows-still-match',
    `none of the first ${rows} rows of ${relation} that were changed is any better: they still match ${where}`,
    { details: { relation, rows: still } },
  )
}
