/**
 * A process that starts a server, says what became of it in one line of JSON, and then ends in the way asked for:
 * `embedded-parent.js START_MODULE ENDING`.
 */
import { pathToFileURL } from 'node:url'

type StartModule = typeof import('../../src/embedded/start.ts')

const [startModule = '', ending = ''] = process.argv.slice(2)

const endings: { readonly [name: string]: () => unknown } = {
  wait: () => setInterval(() => undefined, 1_000),
  drain: () => undefined,
  exit: () => process.exit(7),
  throw: () =>
    setImmediate(() => {
      throw new Error('thrown on purpose')
    }),
  reject: () => void Promise.reject(new Error('rejected on purpose')),
  handler: () => setInterval(() => undefined, 1_000),
}

// It stands before anything is said, since the signal comes at the first word.
if (ending === 'handler') process.once('SIGINT', () => process.exit(130))

async function main(): Promise<void> {
  const { startPostgres } = (await import(pathToFileURL(startModule).href)) as StartModule
  const server = await startPostgres()
  process.stdout.write(`${JSON.stringify({ url: server.url, folder: server.folder, pid: server.pid })}\n`)
  endings[ending]?.()
}

main().catch((error: { code?: string; message?: string; hint?: string }) => {
  process.stdout.write(`${JSON.stringify({ code: error.code, message: error.message, hint: error.hint })}\n`)
  process.exitCode = 1
})
