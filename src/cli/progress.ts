import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Listener, TimedEvent } from '../model/event.ts'
import { eventLine, isFrequent } from '../report/events.ts'
import { clip } from '../report/style.ts'
import type { Context } from './command.ts'

/** How often a line of the same kind is printed where it cannot be redrawn: a log stays readable over a night. */
const logEveryMs = 10_000

export interface Progress extends AsyncDisposable {
  readonly listener: Listener
}

/** Draws what happens on standard error, and writes every event to the file of --events as it happens. */
export async function progressListener(context: Context, eventsFile: string | undefined): Promise<Progress> {
  const file = eventsFile === undefined ? undefined : await open(resolve(context.cwd, eventsFile), 'a')
  const draw = context.stderr.isTerminal ? terminalListener(context) : logListener(context)
  const writing = lineWriter(file)
  return {
    listener(event) {
      draw(event)
      writing.write(event)
    },
    async [Symbol.asyncDispose]() {
      await writing.end()
      await file?.close()
    },
  }
}

// A full disk must not end a run: the rest of the file is lost, the run goes on.
export function lineWriter(file: FileHandle | undefined): { readonly write: (event: object) => void; readonly end: () => Promise<void> } {
  let last = Promise.resolve()
  return {
    write(event) {
      if (file !== undefined) last = last.then(() => file.appendFile(`${JSON.stringify(event)}\n`)).catch(() => undefined)
    },
    end: () => last,
  }
}

function terminalListener(context: Context): Listener {
  let drawn = false
  return (event) => {
    const line = eventLine(event)
    if (line === undefined) return
    const frequent = isFrequent(event)
    const erase = drawn ? '\r\u001b[2K' : ''
    drawn = frequent
    context.stderr.write(`${erase}${frequent ? clip(line.replaceAll('\n', ' '), context.width - 1) : `${clip(line, 400)}\n`}`)
  }
}

function logListener(context: Context): Listener {
  const last = new Map<string, number>()
  return (event) => {
    const line = eventLine(event)
    if (line === undefined || tooSoon(last, event)) return
    context.stderr.write(`${clip(line.replaceAll('\n', ' '), 400)}\n`)
  }
}

function tooSoon(last: Map<string, number>, event: TimedEvent): boolean {
  if (!isFrequent(event)) return false
  const key = `${event.type} ${'step' in event ? event.step : ''}`
  const before = last.get(key)
  if (before !== undefined && event.at - before < logEveryMs) return true
  last.set(key, event.at)
  return false
}
