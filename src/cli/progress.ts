import type { Listener, TimedEvent } from '../model/event.ts'
import { eventLine, isFrequent } from '../report/events.ts'
import { clip } from '../report/style.ts'
import type { Context } from './command.ts'

/** How often a line of the same kind is printed where it cannot be redrawn: a log stays readable over a night. */
const logEveryMs = 10_000

/** Draws what happens on standard error: frequent events redraw one line on a terminal, and are thinned out elsewhere. */
export function progressListener(context: Context): Listener {
  return context.stderr.isTerminal ? terminalListener(context) : logListener(context)
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
