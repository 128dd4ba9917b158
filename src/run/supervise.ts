import { LockkeeperError } from '../model/errors.ts'
import type { Blocker } from '../model/event.ts'
import { sleep } from '../std/sleep.ts'
import { describeBlocker } from '../model/blocker-text.ts'
import { lockNotHad } from './blockers.ts'
import type { StepContext } from './step-context.ts'

const lookEveryMs = 250
const reportEveryMs = 1_000
/** A snapshot this old is a report or a forgotten transaction, not a query that is about to end. */
const oldSnapshotMs = 2_000

/**
 * Runs a long statement and watches it from the control session: says for whom it waits, and ends it when one wait has
 * lasted longer than the run may wait (status 4). Its waits block neither reads nor writes.
 */
export async function supervise<T>(step: string, context: StepContext, run: () => Promise<T>): Promise<T> {
  const watch = new Watch(step, context)
  const finished = new AbortController()
  const watching = watch.until(finished.signal)
  try {
    return await run()
  } catch (error) {
    throw watch.gaveUp ?? error
  } finally {
    finished.abort()
    await watching
  }
}

/**
 * Before a statement that waits for every older snapshot: lets those go first that are old now, so that we neither hold
 * SHARE UPDATE EXCLUSIVE meanwhile nor leave an INVALID index when we give up. Later ones are not waited for: no starving.
 */
export async function waitForOlderSnapshots(step: string, { connections, options, migration, emit }: StepContext): Promise<void> {
  const began = performance.now()
  const first = new Set((await connections.control.olderSnapshots(connections.ours)).filter(isOld).map(keyOf))
  for (let reported = 0; first.size > 0;) {
    const still = (await connections.control.olderSnapshots(connections.ours)).filter((blocker) => first.has(keyOf(blocker)))
    if (still.length === 0) return
    const waitedMs = performance.now() - began
    if (waitedMs > options.maxLockWaitMs) throw snapshotsInTheWay(waitedMs, still)
    if (waitedMs >= reported) {
      emit({ type: 'waiting-for-snapshots', migration, step, waitedMs, blockers: still })
      reported = waitedMs + reportEveryMs
    }
    await sleep(lookEveryMs / 5, options.signal)
  }
}

function isOld(blocker: Blocker): boolean {
  return (blocker.transactionAgeMs ?? 0) > oldSnapshotMs
}

function keyOf(blocker: Blocker): string {
  return `${blocker.pid}/${blocker.transaction}`
}

function snapshotsInTheWay(waitedMs: number, blockers: readonly Blocker[]): LockkeeperError {
  const [oldest] = blockers
  const who = oldest === undefined ? 'unknown' : describeBlocker(oldest)
  return new LockkeeperError(
    'snapshots-in-the-way',
    `an old transaction has not ended in ${Math.round(waitedMs / 1_000)} s, and a concurrent build has to wait for it: ${who}`,
    { details: { waitedMs: Math.round(waitedMs), blockers } },
  )
}

/** Looks from outside at one statement of the work session. */
class Watch {
  /** Why the statement was ended by us, where it was. */
  gaveUp: LockkeeperError | undefined
  readonly #step: string
  readonly #context: StepContext
  #waitingSince: number | undefined
  #reported = 0

  constructor(step: string, context: StepContext) {
    this.#step = step
    this.#context = context
  }

  async until(finished: AbortSignal): Promise<void> {
    while (!finished.aborted) {
      await sleep(lookEveryMs, finished).catch(() => undefined)
      // A look that fails (server going down) decides nothing: the statement itself will say.
      if (!finished.aborted) await this.#look().catch(() => undefined)
    }
  }

  async #look(): Promise<void> {
    const { connections, options } = this.#context
    const { waiting, blockers } = await connections.control.waitsFor(connections.work.pid)
    if (!waiting) {
      this.#waitingSince = undefined
      return
    }
    this.#waitingSince ??= performance.now()
    const waitedMs = performance.now() - this.#waitingSince
    this.#report(waitedMs, blockers)
    if (waitedMs <= options.maxLockWaitMs || this.gaveUp !== undefined) return
    this.gaveUp = blockers.some((blocker) => blocker.mode !== 'snapshot')
      ? lockNotHad(blockers[0]?.relation ?? '', waitedMs, blockers)
      : snapshotsInTheWay(waitedMs, blockers)
    await connections.control.cancel(connections.work.pid)
  }

  #report(waitedMs: number, blockers: readonly Blocker[]): void {
    const now = performance.now()
    if (now - this.#reported < reportEveryMs) return
    this.#reported = now
    const type = blockers.some((blocker) => blocker.mode !== 'snapshot') ? 'waiting-for-lock' : 'waiting-for-snapshots'
    if (type === 'waiting-for-lock')
      this.#context.emit({ type, migration: this.#context.migration, step: this.#step, waitedMs, attempts: 0, blockers })
    else this.#context.emit({ type, migration: this.#context.migration, step: this.#step, waitedMs, blockers })
  }
}
