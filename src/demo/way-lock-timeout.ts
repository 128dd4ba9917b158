import { setTimeout as delay } from 'node:timers/promises'
import type { Session } from '../model/session.ts'
import { connect } from '../postgres/session.ts'
import type { WayStep } from './document.ts'
import { pendingFiles } from './folder.ts'
import type { FolderFile } from './folder.ts'
import type { Way, WayOptions } from './way.ts'

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
      const attempts = await untilItSucceeds(session, file, { signal, say })
      steps.push({ migration: file.migration, id: file.id, title: file.title, startMs, endMs: elapsed(), attempts })
    }
    return steps
  },
}

/** Ends with the signal alone: the report that holds the lock ends by itself. */
async function untilItSucceeds(session: Session, file: FolderFile, { signal, say }: Pick<WayOptions, 'signal' | 'say'>): Promise<number> {
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted()
    try {
      await session.script([file.sql])
      return attempts
    } catch (error) {
      const failure = session.classify(error)
      if (failure !== 'lock-timeout' && failure !== 'deadlock') throw error
      say(`${file.id}: ${failure}, once more in a second`)
    }
    await delay(pauseMs, undefined, { signal })
  }
}
