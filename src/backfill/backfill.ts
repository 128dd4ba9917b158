import type { Chunk, Part } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import { jitter, sleep } from '../std/sleep.ts'
import { changeChunk } from './chunk.ts'
import { refuseOtherCode } from './code-batch.ts'
import { Held, lookEveryMs } from './held.ts'
import type { BackfillJob } from './job.ts'
import { keyRanges } from './key-ranges.ts'
import { pageRanges } from './page-ranges.ts'
import { refuseUnfit } from './preflight.ts'
import { workAt } from './work-at.ts'
import { Walker } from './walker.ts'
import { endSweep } from './sweep.ts'

/**
 * Changes a whole table in short transactions, together with any number of other workers on any machines. Chunks of it are leased in the
 * database; work, place and lease commit together, so each row is changed once, whoever dies when. Where a changed row no longer matches, the
 * table is gone through again until nothing is left. Row locks are held for `batchTargetMs` at a time; no table lock above ROW EXCLUSIVE.
 * Gives the rows changed, those of other workers and of earlier runs included. Throws `lock-not-had`, `rows-still-match`, `backfill-held`,
 * `backfill-stopped`, `backfill-refused`, and what the server says of a batch.
 */
export async function backfill(given: BackfillJob): Promise<{ readonly rows: number }> {
  const { startedAt, definition } = await given.store.begin(given.key, given.definition)
  refuseOtherCode(given.code, definition)
  const work = workAt(given.definition.work, given.session.dialect.literal(startedAt))
  const job = { ...given, definition: { ...given.definition, work } }
  await refuseUnfit(job)
  const { walk } = job.definition
  const walker = new Walker(job, walk.by === 'key' ? keyRanges(job.session, walk) : pageRanges(job.session))
  const held = new Held(job)
  while (await takeOne(walker, held)) job.signal.throwIfAborted()
  return { rows: (await job.store.read(job.key))?.rows ?? 0 }
}

/** False once nothing is left to do. */
async function takeOne(walker: Walker, held: Held): Promise<boolean> {
  const { job } = walker
  const lease = await job.store.lease(job.key, job.owner, job.leaseMs)
  if (lease.kind !== 'paused') held.over()
  walker.wanted = 'run'
  switch (lease.kind) {
    case 'chunk':
      await change(walker, lease.chunk)
      return true
    case 'part':
      await cutAndChange(walker, lease.part)
      return true
    case 'wait':
      await sleep(jitter(waitMs), job.signal)
      return true
    case 'paused':
      held.say(`paused: lockkeeper backfill resume ${job.key.step} lets it go on`)
      await sleep(lookEveryMs, job.signal)
      return true
    case 'sweep-done':
      return await endSweep(walker, lease)
    case 'stopped':
      throw stopped(job, lease.failure)
    case 'done':
      return false
  }
}

/** For a part that another worker is cutting, or the last chunks of others. */
const waitMs = 50

async function cutAndChange(walker: Walker, part: Part): Promise<void> {
  const chunk = await cut(walker, part).catch(async (error: unknown) => {
    await walker.job.store.letGo().catch(() => undefined)
    throw error
  })
  if (chunk !== undefined) await change(walker, chunk)
}

async function cut({ job, ranges, chunkSize }: Walker, part: Part): Promise<Chunk | undefined> {
  const { after, bound } = { after: part.cut, bound: part.bound }
  const upTo = bound === null ? undefined : await ranges.next(part.relation, { after, bound }, chunkSize)
  if (upTo !== undefined) return await job.store.cut(job.key, part, { upTo, owner: job.owner, leaseMs: job.leaseMs })
  await job.store.leave(job.key, part)
  return undefined
}

/** Whoever ends without having done it leaves it to the others at once, and a cause that time does not mend stops them too. */
async function change(walker: Walker, chunk: Chunk): Promise<void> {
  const { job } = walker
  try {
    await changeChunk(walker, chunk)
  } catch (error) {
    const failure = job.session.classify(error)
    if (failure === 'connection-lost') throw error
    if (!job.signal.aborted && failure !== 'cancelled' && !(error instanceof LockkeeperError))
      await job.control.fail(job.key, error instanceof Error ? error.message : String(error)).catch(() => undefined)
    await job.control.release(chunk).catch(() => undefined)
    throw error
  }
}

function stopped({ key }: BackfillJob, failure: string | undefined): LockkeeperError {
  if (failure === undefined) return new LockkeeperError('backfill-stopped', `the backfill ${key.step} was cancelled`)
  return new LockkeeperError('step-failed', `the backfill ${key.step} failed: ${failure}`, {
    hint: 'Mend what it says, then run the same command again: what is done stays.',
  })
}
