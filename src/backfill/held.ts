import type { Chunk } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import { sleep } from '../std/sleep.ts'
import type { BackfillJob } from './job.ts'
import type { Walker } from './walker.ts'

/**
 * Waits while a throttle holds, and keeps the lease meanwhile. False where the chunk is not to be gone on with: its lease is lost, or the
 * backfill was paused or cancelled. Throws `backfill-held` where it takes too long.
 */
export async function mayGoOn(walker: Walker, chunk: Chunk): Promise<boolean> {
  const { job } = walker
  const held = new Held(job)
  while (walker.wanted === 'run') {
    job.signal.throwIfAborted()
    const reading = await job.hold(job.signal)
    if (reading === undefined) return true
    held.say(reading.reason)
    const { kept, wanted } = await job.store.beat(job.key, chunk, { leaseMs: job.leaseMs, held: reading.reason })
    walker.wanted = wanted
    if (!kept) return false
    await sleep(lookEveryMs, job.signal)
    walker.moved()
  }
  await job.store.release(chunk)
  return false
}

export const lookEveryMs = 250

/** How long a worker has been held in one go. */
export class Held {
  readonly #job: BackfillJob
  #since: number | undefined

  constructor(job: BackfillJob) {
    this.#job = job
  }

  say(reason: string): void {
    const { key, listener, maxHoldMs } = this.#job
    this.#since ??= performance.now()
    const heldMs = performance.now() - this.#since
    listener.onHeld({ reason, heldMs })
    if (heldMs <= maxHoldMs) return
    throw new LockkeeperError('backfill-held', `the backfill ${key.step} was held for ${Math.round(heldMs / 60_000)} minutes: ${reason}`)
  }

  over(): void {
    this.#since = undefined
  }
}
