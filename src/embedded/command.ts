import { spawn, type SpawnOptions } from 'node:child_process'

/** A program to start, as another user where uid and gid are given. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly uid?: number
  readonly gid?: number
}

export interface Outcome {
  /** Undefined where the program could not be started or a signal ended it. */
  readonly status: number | undefined
  /** Standard output and standard error as they came, or why it could not be started. */
  readonly output: string
}

/** Runs a program to its end, with `input` on its standard input, and gives back what became of it; rejects only with the reason of the signal, which kills it. */
export function runCommand(command: Command, signal: AbortSignal, input?: string): Promise<Outcome> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, {
      ...spawnOptions(command),
      stdio: ['pipe', 'pipe', 'pipe'],
      signal,
      killSignal: 'SIGKILL',
    })
    let output = ''
    const collect = (chunk: Buffer): void => void (output += chunk.toString())
    child.stdout?.on('data', collect)
    child.stderr?.on('data', collect)
    // A program that ends before it has read everything is judged by its status.
    child.stdin?.on('error', () => undefined).end(input)
    child.on('error', (error) => (signal.aborted ? reject(signal.reason) : resolve({ status: undefined, output: error.message })))
    child.on('close', (status) => (signal.aborted ? reject(signal.reason) : resolve({ status: status ?? undefined, output })))
  })
}

/**
 * The environment is our own, so that PGDATA, PGOPTIONS, a locale or LD_LIBRARY_PATH of the caller change nothing. PATH is kept: it is where
 * unshare, cp and id are.
 */
export function spawnOptions(command: Command): SpawnOptions {
  return {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
    ...(command.uid === undefined ? {} : { uid: command.uid }),
    ...(command.gid === undefined ? {} : { gid: command.gid }),
  }
}
