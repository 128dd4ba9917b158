import type { Blocker, ClosedGate } from '../model/event.ts'
import type { LockkeeperError } from '../model/errors.ts'
import { blockersTable } from './blockers.ts'
import type { Style } from './style.ts'
import { clip, printable, tint, wrap } from './style.ts'

/** What happened, the details that help, what to do now. */
export function errorText(style: Style, error: LockkeeperError): string {
  const head = wrap(style, '', `lockkeeper: ${printable(error.message)}`)
  const parts = [
    tint(style, 'red', head),
    ...detailLines(style, error.details),
    wrap(style, '', `What to do: ${printable(error.hint)}`),
    tint(style, 'dim', `(${error.code})`),
  ]
  return `${parts.filter((part) => part !== '').join('\n')}\n`
}

/** The same for `--json`: one document on standard output. */
export function errorJson(command: string, error: LockkeeperError): string {
  const body = { format: 1, command, error: { code: error.code, message: error.message, hint: error.hint, details: error.details } }
  return `${JSON.stringify(body, plainValue, 2)}\n`
}

/** bigint has no JSON form; sizes and ids beyond 2^53 are written as text. */
function plainValue(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

// The run's report is for --json; in the text the message says how far it came.
const onlyJson = new Set(['report', 'committed', 'rows'])

function detailLines(style: Style, details: LockkeeperError['details']): readonly string[] {
  const shown = Object.entries(details).filter(([name]) => !onlyJson.has(name))
  return shown.map(([name, value]) => {
    if (isBlockers(name, value)) return blockersTable(style, '  ', value)
    return isClosed(name, value) ? closedLines(style, value) : detailLine(style, name, value)
  })
}

function detailLine(style: Style, name: string, value: unknown): string {
  if (value === undefined || value === null || typeof value === 'boolean') return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value, plainValue)
  return wrap(style, '  ', `${name}: ${clip(text, 400)}`)
}

function isClosed(name: string, value: unknown): value is readonly ClosedGate[] {
  return name === 'closed' && Array.isArray(value)
}

/** Each gate with its evidence. */
function closedLines(style: Style, closed: readonly ClosedGate[]): string {
  const lines = closed.flatMap(({ gate, failure, evidence }) => [
    wrap(style, '  ', `${gate}: ${printable(failure)}`),
    ...evidence.map((line) => wrap(style, '    ', `- ${printable(line)}`)),
  ])
  return lines.join('\n')
}

function isBlockers(name: string, value: unknown): value is readonly Blocker[] {
  return name === 'blockers' && Array.isArray(value)
}
