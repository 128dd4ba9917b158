import { spawn, type ChildProcess } from 'node:child_process'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { LockkeeperError } from '../model/errors.ts'
import { fromSource, ownFile } from '../std/own-files.ts'
import { unreadable } from './_files.ts'
import type { QueryReply, ChildAnswer, CodeRequest } from './_code-protocol.ts'

// From one sign of life to the next. It only issues SQL; what takes longer waits for something that it will not get here.
const limitMs = 60_000

/** What comes back from the child, and how to answer it. Resolves `converse` by calling `end`. */
export interface Conversation<T> {
  readonly end: (value: T) => void
  readonly fail: (error: unknown) => void
  readonly reply: (reply: QueryReply) => void
}

/**
 * Runs the user's code in a child process with a scrubbed environment and its own process group, which is killed at the end, on abort, and
 * where nothing is heard of it for a minute. Throws `interrupted`, and `source-unreadable` where it ends by itself.
 */
export async function inChild<T>(
  request: CodeRequest,
  signal: AbortSignal,
  hear: (answer: ChildAnswer, conversation: Conversation<T>) => void,
): Promise<T> {
  signal.throwIfAborted()
  const child = start(request)
  const kill = (): void => killGroup(child)
  const timer = setTimeout(kill, limitMs)
  child.on('message', () => timer.refresh())
  signal.addEventListener('abort', kill, { once: true })
  try {
    return await converse(child, request, hear)
  } catch (error) {
    if (signal.aborted) throw new LockkeeperError('interrupted', "The migrations' code was interrupted.", { cause: error })
    throw error
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    kill()
  }
}

function start({ root, program: own }: CodeRequest): ChildProcess {
  const program = ownFile(own)
  return spawn(process.execPath, fromSource ? [jitiCommand(), program] : [program], {
    cwd: root,
    env: scrubbed(process.env),
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    detached: true,
  })
}

/** Built, we are plain JavaScript; in the checkout the child is TypeScript, which Node 20 cannot run by itself. */
function jitiCommand(): string {
  return join(dirname(createRequire(import.meta.url).resolve('jiti')), 'jiti-cli.mjs')
}

/** Names that Node and the system need; nothing that could be a secret. */
function scrubbed(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = ['PATH', 'HOME', 'TMPDIR', 'TMP', 'TEMP', 'LANG', 'LC_ALL', 'TZ', 'SystemRoot', 'USERPROFILE']
  const found = kept.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]] as const]))
  return { ...Object.fromEntries(found), JITI_FS_CACHE: 'false' }
}

function converse<T>(
  child: ChildProcess,
  request: CodeRequest,
  hear: (answer: ChildAnswer, conversation: Conversation<T>) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    let running = request.files[0] ?? request.root
    let said = ''
    const send = (message: CodeRequest | QueryReply): void =>
      void child.send(message, (error) => (error === null ? undefined : reject(error)))
    child.stderr?.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-2000)))
    child.on('message', (answer: ChildAnswer) => {
      if (answer.kind === 'running') running = answer.file
      else if (answer.kind === 'broken') reject(unreadable({ file: running }, `cannot be run: ${answer.message}`))
      else hear(answer, { end: resolve, fail: reject, reply: send })
    })
    child.once('error', reject)
    child.once('exit', (code, by) => reject(ended({ file: running, code, by, said })))
    send(request)
  })
}

function ended(how: {
  readonly file: string
  readonly code: number | null
  readonly by: string | null
  readonly said: string
}): LockkeeperError {
  const what =
    how.by === null
      ? `ended the process that ran it (status ${how.code})`
      : `was still running after ${limitMs / 1000} s, or was killed (${how.by})`
  const hint = how.said === '' ? 'A migration must not end the process or wait for input.' : `It wrote: ${how.said.trim()}`
  return unreadable({ file: how.file }, what, { hint })
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // It has ended in this very moment.
  }
}
