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
export async function act({ database, folder, verb }: Act, killAt: number): Promise<boolean> {
  const args = [await child, database.url, folder, verb, String(killAt)]
  return await new Promise((resolve, reject) => {
    execFile(process.execPath, args, (error, _stdout, stderr) => {
      if (error === null) resolve(true)
      else if (error.signal === 'SIGKILL') resolve(false)
      else reject(new Error(stderr, { cause: error }))
    })
  })
}

/** Kills it again and again, each time a boundary further, until it comes to its end; gives how often. */
export async function killed(what: Act): Promise<number> {
  // Of apply and complete an intent and an act are behind it each time; an abort begins anew.
  const killAt = what.verb === 'abort' ? (runs: number) => runs + 1 : (runs: number) => 1 + (runs % 2)
  let runs = 0
  while (!(await act(what, killAt(runs)))) runs += 1
  return runs
}
