import { connect } from '../postgres/session.ts'
import type { WayStep } from './document.ts'
import { pendingFiles } from './folder.ts'
import type { Way } from './way.ts'

/** As `prisma migrate deploy` does: one connection, each file in one message, nothing else. */
export const plain: Way = {
  id: 'plain',
  run: async ({ url, folder, signal, elapsed, say }) => {
    await using session = await connect({ url, applicationName: 'prisma migrate deploy', signal })
    const steps: WayStep[] = []
    for (const file of await pendingFiles(folder)) {
      signal.throwIfAborted()
      say(file.id)
      const startMs = elapsed()
      await session.script([file.sql])
      steps.push({ migration: file.migration, id: file.id, title: file.title, startMs, endMs: elapsed(), attempts: 1 })
    }
    return steps
  },
}
