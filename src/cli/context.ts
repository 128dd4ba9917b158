import { createInterface } from 'node:readline/promises'
import { isatty } from 'node:tty'
import { LockkeeperError } from '../model/errors.ts'
import type { Context, Output } from './command.ts'

const signalStatuses = { SIGINT: 130, SIGTERM: 143 } as const

export interface World {
  readonly context: Context
  /** 130 or 143 where a signal ended the command. */
  readonly signalStatus: () => number | undefined
  /** Resolves when everything written has left the process. */
  readonly flush: () => Promise<void>
}

/** Overwrites the arguments in the process list, where a password in --database-url would stand for everyone to read. */
export function hideArguments(): void {
  process.title = ['lockkeeper', ...process.argv.slice(2).filter((word) => /^[a-z]+$/.test(word))].slice(0, 2).join(' ')
}

/** The real world. A first signal lets the command stop by itself; a second ends the process at once. */
export function openContext(): World {
  const controller = new AbortController()
  let received: keyof typeof signalStatuses | undefined
  const onSignal = (signal: keyof typeof signalStatuses) => {
    if (received !== undefined) process.exit(signalStatuses[signal])
    received = signal
    controller.abort(new LockkeeperError('interrupted', `Stopped by ${signal}.`))
  }
  process.on('SIGINT', () => onSignal('SIGINT'))
  process.on('SIGTERM', () => onSignal('SIGTERM'))
  return {
    context: contextOf(controller.signal),
    signalStatus: () => (received === undefined ? undefined : signalStatuses[received]),
    flush: async () => {
      await Promise.all([drained(process.stdout), drained(process.stderr)])
    },
  }
}

function contextOf(signal: AbortSignal): Context {
  const { env } = process
  const columns = Number(env['COLUMNS'] ?? process.stdout.columns ?? 80)
  return {
    cwd: process.cwd(),
    env,
    stdout: outputTo(process.stdout),
    stderr: outputTo(process.stderr),
    width: Math.min(Math.max(Number.isFinite(columns) ? columns : 80, 40), 120),
    color: colorWanted(),
    signal,
    onPauseSignal(listener) {
      process.on('SIGUSR2', listener)
      return () => process.off('SIGUSR2', listener)
    },
    ask: isatty(0) && isatty(2) ? (question) => ask(question, signal) : undefined,
    readStandardInput: readAll,
  }
}

// https://no-color.org: any value that is not empty. FORCE_COLOR is Node's own convention.
function colorWanted(): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (process.argv.includes('--no-color') || (NO_COLOR ?? '') !== '') return false
  return (FORCE_COLOR ?? '0') !== '0' || (isatty(1) && TERM !== 'dumb')
}

// A reader that went away (`| head`) must not end a run half-way.
function outputTo(stream: NodeJS.WriteStream & { readonly fd: number }): Output {
  let open = true
  stream.on('error', () => {
    open = false
  })
  return {
    write(text) {
      if (open) stream.write(text)
    },
    isTerminal: isatty(stream.fd),
  }
}

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return /^y(es)?$/i.test((await reader.question(`${question} [y/N] `, { signal })).trim())
  } finally {
    reader.close()
  }
}

async function readAll(): Promise<Uint8Array> {
  const chunks: Buffer[] = []
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array))
  return Buffer.concat(chunks)
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.destroyed || !stream.writable) resolve()
    else stream.write('', () => resolve())
  })
}
