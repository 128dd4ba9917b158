import { execFile } from 'node:child_process'
import { bundle } from './bundle.ts'
import type { TestDatabase } from './postgres.ts'

const child = bundle('test/support/expand-child.ts')

export type Verb = 'apply' | 'complete' | 'abort'

export interface Act {
  readonly database: TestDatabase
  /** With the folder of migrations in it. */
  readonly folder: string
  readonly verb: Verb
}

/** True once it came to the end; false where it killed itself after the event of this number (0: never). */
export async function act(what: Act, killAt: number): Promise<boolean> {
  return await start(what, { killAt })
}

interface Kill {
  readonly killAt?: number
  readonly afterMs?: number
}

async function start({ database, folder, verb }: Act, { killAt = 0, afterMs = 0 }: Kill): Promise<boolean> {
  const args = [await child, database.url, folder, verb, String(killAt)]
  return await new Promise((resolve, reject) => {
    // A timeout of 0 is none.
    execFile(process.execPath, args, { timeout: afterMs, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      if (error === null) resolve(true)
      else if (error.signal === 'SIGKILL') resolve(false)
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

/** A process needs about 200 ms before it does anything, and a run of 2,000 rows half a second. */
const [earliestMs, spanMs] = [150, 700]

/** Kills it so many times at moments of this seed, each a run of its own, and then lets it come to its end; gives how many were killed. */
export async function killedAtRandom(what: Act, seed: number, times: number): Promise<number> {
  let state = seed
  let hits = 0
  for (let run = 0; run < times; run += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    const ended = await start(what, { afterMs: Math.round(earliestMs + (state / 2 ** 31) * spanMs) })
    if (ended) return hits
    hits += 1
  }
  if (!(await start(what, {}))) throw new Error('it was killed by somebody else')
  return hits
}

/** Kills it again and again, each time a boundary further, until it comes to its end; gives how often. */
export async function killed(what: Act): Promise<number> {
  // Of apply and complete an intent and an act are behind it each time; an abort begins anew.
  const killAt = what.verb === 'abort' ? (runs: number) => runs + 1 : (runs: number) => 1 + (runs % 2)
  let runs = 0
  while (!(await act(what, killAt(runs)))) runs += 1
  return runs
}
