import { jitter, sleep } from '../std/sleep.ts'
import { BlockerWatch } from './blocker-watch.ts'
import type { LockRequest } from './lock-request.ts'

export interface Acquired {
  /** Real enqueues; tries without waiting are free. */
  readonly attempts: number
  readonly heldMs: number
}

/**
 * Takes strong locks on a busy server without making anyone wait longer than the budget (law 1; pgfacts.md part C, where the
 * simple variants stall everyone or starve):
 * 1. look: while a transaction that is old for this table holds one, do not touch the queue;
 * 2. a burst of tries without waiting, which cost nobody anything;
 * 3. once whoever held it at the first look has gone, and others hold it: one real attempt that waits within the budget, longer
 *    each time, then a pause. So nobody queues behind a lone long transaction while it is still young, and where many take
 *    turns each attempt brings them into step, until one finds a gap (to wait for all of them anew each time took 17 attempts, not 3).
 * Throws `lock-not-had` with the blockers when the time or the attempts allowed are over.
 */
export async function acquire(request: LockRequest): Promise<Acquired> {
  const watch = new BlockerWatch(request)
  for (let attempts = 0; ;) {
    const holders = await watch.look(attempts)
    if (holders !== 'old') {
      const burst = await tryWithoutWaiting(request)
      if (burst !== undefined) return { attempts, heldMs: burst }
      watch.refuseWhenOver(attempts)
    }
    if (holders !== 'later') {
      await sleep(jitter(lookEveryMs), request.signal)
      continue
    }
    const waitMs = Math.min(Math.floor(request.budgetMs * queueShare), firstWaitMs * 2 ** attempts)
    attempts += 1
    const outcome = await request.attempt('queued', waitMs)
    request.onAttempt('queued', waitMs, outcome.kind === 'committed')
    if (outcome.kind === 'committed') return { attempts, heldMs: outcome.heldMs }
    watch.refuseWhenOver(attempts)
    await sleep(jitter(Math.min(longestPauseMs, firstPauseMs * 1.1 ** attempts)), request.signal)
  }
}

/** A look costs 0.7 ms (pgfacts.md A.7): 25 ms apart it is 3 % of one core, and a freed table is noticed at once. */
const lookEveryMs = 25
const burstTries = 10
/** The first real wait is shorter than anyone notices; it doubles up to the budget. */
const firstWaitMs = 10
/**
 * Of the budget: the rest is for what comes after the wait, the server's end of it and those behind us getting through one by one (up to 24 ms
 * with 8 sessions on 2 cores).
 */
const queueShare = 0.85
/** Long enough for those who waited behind us to get through, short enough to meet the next gap. */
const firstPauseMs = 50
const longestPauseMs = 500

async function tryWithoutWaiting(request: LockRequest): Promise<number | undefined> {
  for (let tries = 0; tries < burstTries; tries++) {
    const outcome = await request.attempt('nowait', 0)
    request.onAttempt('nowait', 0, outcome.kind === 'committed')
    if (outcome.kind === 'committed') return outcome.heldMs
    await sleep(1 + 4 * Math.random(), request.signal)
  }
  return undefined
}
