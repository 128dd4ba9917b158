import type { Reading, Throttle } from '../model/throttle.ts'
import { sleep } from '../std/sleep.ts'

/** All throttles of a backfill as one answer. */
export interface Hold {
  /** The worst reason to hold back now, which begins with the id of its throttle; undefined where there is none. Rejects when the signal fires. */
  ask(signal: AbortSignal): Promise<Reading | undefined>
}

/** A reading takes milliseconds, and its server ends it after 2 s: who is silent for longer is not there. */
const limitMs = 5_000

/**
 * Asks each throttle at most every `everyMs`, those that are due at once, and keeps what they said in between. It fails closed: one that throws,
 * or does not answer in 5 s, holds. Any number of workers may ask.
 */
export function openHold(throttles: readonly Throttle[], { now = () => performance.now() }: { readonly now?: () => number } = {}): Hold {
  const all = throttles.map((throttle) => new Watched(throttle, now))
  const ask = async (signal: AbortSignal): Promise<Reading | undefined> => {
    await unlessAborted(Promise.all(all.map((each) => each.renew())), signal)
    const [worst] = all.map(({ reading }) => reading).toSorted((a, b) => b.load - a.load)
    return worst !== undefined && worst.load >= 1 ? worst : undefined
  }
  return { ask }
}

/** One throttle and what it said last. */
class Watched {
  reading: Reading
  readonly #throttle: Throttle
  readonly #now: () => number
  #dueAt = -Infinity
  /** While somebody waits for its answer. */
  #renewing: Promise<void> | undefined
  /** Beyond that too: a read that hangs must not be joined by others. */
  #reading = false

  constructor(throttle: Throttle, now: () => number) {
    this.#throttle = throttle
    this.#now = now
    this.reading = { load: 1, reason: `${throttle.id} was not read yet` }
  }

  /** Takes a reading where one is due. Never rejects, and takes no longer than the limit. */
  renew(): Promise<void> {
    if (this.#renewing === undefined && (this.#reading || this.#now() < this.#dueAt)) return Promise.resolve()
    this.#renewing ??= this.#renew().finally(() => (this.#renewing = undefined))
    return this.#renewing
  }

  async #renew(): Promise<void> {
    this.reading = await within(this.#read(), `${this.#throttle.id} gave no answer in ${limitMs / 1_000} s`)
    this.#dueAt = this.#now() + this.#throttle.everyMs
  }

  async #read(): Promise<Reading> {
    const { id } = this.#throttle
    this.#reading = true
    try {
      const { load, reason } = await this.#throttle.read()
      return Number.isNaN(load) ? { load: 1, reason: `${id} gave no number: ${reason}` } : { load, reason: `${id}: ${reason}` }
    } catch (error) {
      return { load: 1, reason: `${id} cannot be read: ${error instanceof Error ? error.message : String(error)}` }
    } finally {
      this.#reading = false
    }
  }
}

async function within(answer: Promise<Reading>, otherwise: string): Promise<Reading> {
  const answered = new AbortController()
  const late = sleep(limitMs, answered.signal).then(
    () => ({ load: 1, reason: otherwise }),
    () => answer,
  )
  return await Promise.race([answer, late]).finally(() => answered.abort())
}

async function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  await new Promise<unknown>((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    signal.addEventListener('abort', stop, { once: true })
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
}
