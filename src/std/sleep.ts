/** Resolves after `ms`; rejects at once when the signal fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const stop = (): void => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

/** `ms` give or take `share` of it, so that two runners or two retries do not march in step. */
export function jitter(ms: number, share = 0.3, random: () => number = Math.random): number {
  return ms * (1 - share + 2 * share * random())
}
