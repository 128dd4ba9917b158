import { setTimeout as sleep } from 'node:timers/promises'

/** Short against a start of 30 ms, long against a read of a small file. */
const intervalMs = 5

/** Asks until the answer is yes; rejects with the reason of the signal, which is the limit. */
export async function until(condition: () => boolean | Promise<boolean>, options: { readonly signal: AbortSignal }): Promise<void> {
  while (!(await condition())) {
    options.signal.throwIfAborted()
    await sleep(intervalMs)
  }
}
