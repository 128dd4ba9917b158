import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '../model/session.ts'
import { connect } from '../postgres/session.ts'
import type { WayStep } from './document.ts'
import { pendingFiles } from './folder.ts'
import type { Way } from './way.ts'

/** Between two tries, as blogs have it. */
const pauseMs = 1000

/** What blogs advise: the same files under lock_timeout = 3s, each tried again after a pause until it succeeds. */
export const lockTimeout: Way = {
  id: 'lock-timeout',
  run: async ({ url, folder, signal, elapsed, say }) => {
    await using session = await connect({ url, applicationName: 'migrate with lock_timeout', signal })
    await session.query(`SET lock_timeout = '3s'`)
    const steps: WayStep[] = []
    for (const file of await pendingFiles(folder)) {
      say(file.id)
      const startMs = elapsed()
      const attempts = await untilItSucceeds(session, file.sql, signal)
      steps.push({ migration: file.migration, id: file.id, title: file.title, startMs, endMs: elapsed(), attempts })
    }
    return steps
  },
}

/** Ends with the signal alone: the report that holds the lock ends by itself. */
async function untilItSucceeds(session: Session, sql: string, signal: AbortSignal): Promise<number> {
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted()
    try {
      await session.script([sql])
      return attempts
    } catch (error) {
      const failure = session.classify(error)
      if (failure !== 'lock-timeout' && failure !== 'deadlock') throw error
    }
    await delay(pauseMs, undefined, { signal })
  }
}
