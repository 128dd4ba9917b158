import { spawn, type ChildProcess } from 'node:child_process'
import { appendFileSync, closeSync, existsSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { spawnOptions, type Command } from './command.ts'

export interface Ending {
  /** SIGINT is a fast shutdown, SIGQUIT an immediate one. */
  readonly kill: 'SIGINT' | 'SIGQUIT'
  /** After this it is SIGKILL. */
  readonly limit: AbortSignal
}

/** One run of the server process. */
export interface Postmaster {
  /** 0 where it could not be spawned; it has ended then. */
  readonly pid: number
  hasEnded(): boolean
  /** Asks it to end and waits until it has. */
  end(ending: Ending): Promise<void>
  /** Ends it at once and waits, holding the thread: for the exit of the process, where nothing can be awaited. */
  endNow(limitMs: number): void
}

export interface PostmasterOptions {
  /** Holds the log and `data`. */
  readonly folder: string
  readonly onEnd: () => void
}

/** Spawns the server in a session of its own, so that Ctrl-C in the terminal does not end it before those who use it. */
export function spawnPostmaster(command: Command, { folder, onEnd }: PostmasterOptions): Postmaster {
  const child = spawnLogging(command, join(folder, 'log'))
  let ended = false
  const over = endOf(child).then(() => {
    ended = true
    return onEnd()
  })
  return {
    pid: child.pid ?? 0,
    hasEnded: () => ended,
    end: (ending) => endChild(child, over, ending),
    endNow: (limitMs) => endChildNow(child, join(folder, 'data', 'postmaster.pid'), limitMs),
  }
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
}

function spawnLogging(command: Command, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a')
  const child = spawn(command.file, command.args, { ...spawnOptions(command), detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  child.unref()
  child.once('error', (error) => appendFileSync(logFile, `${error.message}\n`))
  return child
}

async function endChild(child: ChildProcess, over: Promise<void>, { kill, limit }: Ending): Promise<void> {
  child.ref()
  child.kill(kill)
  const force = (): void => void child.kill('SIGKILL')
  if (limit.aborted) force()
  limit.addEventListener('abort', force, { once: true })
  await over
  limit.removeEventListener('abort', force)
}

/** Removing the lock file is the last thing that a postmaster does. */
function endChildNow(child: ChildProcess, lockFile: string, limitMs: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  child.kill('SIGQUIT')
  for (let waitedMs = 0; waitedMs < limitMs && existsSync(lockFile); waitedMs += 5) Atomics.wait(never, 0, 0, 5)
}
