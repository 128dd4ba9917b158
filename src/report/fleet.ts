import type { FleetEvent, FleetReport, FleetRow, Share } from '../model/fleet.ts'
import type { Style } from './style.ts'
import { grouped } from '../std/amounts.ts'
import { clip, count, duration, printable, tint, wrap } from './style.ts'
import { table } from './table.ts'

interface WaveLine {
  readonly wave: number
  readonly targets: number
  readonly done: number
  readonly failed: number
  readonly skipped: number
  /** Pending or running. */
  readonly left: number
  /** Of a backfill, in those that are done. */
  readonly rows?: number
}

/** The document of `fleet --json`. */
export function fleetJson(verb: string, report: FleetReport): string {
  const { name, job, rules, targets, stopped } = report
  const { wave: _wave, ...summary } = lineOf(0, targets)
  const body = {
    format: 1,
    command: 'fleet',
    verb,
    name,
    job,
    rules,
    summary,
    waves: wavesIn(report),
    targets,
    ...(stopped === undefined ? {} : { stopped }),
  }
  return `${JSON.stringify(body, null, 2)}\n`
}

/** A row for each wave, then each failure with what to do, then how it stands in all. */
export function fleetText(style: Style, report: FleetReport): string {
  const waves = wavesIn(report)
  const counted = report.job.kind === 'backfill'
  const rows = waves.map((line) => [
    nameOf(line.wave),
    ...[line.targets, line.done, line.failed, line.skipped, line.left].map(String),
    ...(counted ? [grouped(line.rows ?? 0)] : []),
  ])
  const parts = [
    printable(`Fleet ${report.name}`),
    table(style, { headings: ['wave', 'targets', 'done', 'failed', 'skipped', 'left', ...(counted ? ['rows'] : [])], rows }),
    ...report.targets.filter((target) => target.state === 'failed').map((target) => failure(style, target)),
    ...waiting(style, report),
    ending(style, report),
  ]
  return `${parts.join('\n\n')}\n`
}

/** What --dry-run prints: who would go when. */
export function fleetWaves(style: Style, report: FleetReport): string {
  const { canary, wave, budget } = report.rules
  const head = `Fleet ${report.name}: ${count(report.targets.length, 'target')}, ${count(canary, 'canary').replace(/ys$/, 'ies')}, waves of ${shareText(wave)}, budget ${shareText(budget)}.`
  const lines = wavesIn(report).map((line) => {
    const names = report.targets
      .filter((target) => target.wave === line.wave)
      .map((target) => (target.state === 'pending' ? target.name : `${target.name} (${target.state})`))
    return `${tint(style, 'bold', nameOf(line.wave))}\n${wrap(style, '  ', printable(names.join(', ')))}`
  })
  return `${[wrap(style, '', printable(head)), ...lines].join('\n')}\n`
}

/** A line of progress; undefined for what is only for the file of --events. */
export function fleetLine(event: FleetEvent): string | undefined {
  const line = lineFor(event)
  return line === undefined ? undefined : clip(line.replaceAll('\n', ' '), 400)
}

function lineFor(event: FleetEvent): string | undefined {
  switch (event.type) {
    case 'wave-opened':
      return `${nameOf(event.wave)}: ${count(event.targets, 'target')}`
    case 'target-started':
      return event.attempt === 1 ? undefined : `${event.target}: attempt ${event.attempt}`
    case 'target-done':
      return `${event.target}: done, ${count(event.rows ?? event.steps, event.rows === undefined ? 'step' : 'row')} in ${duration(event.ms)}`
    case 'target-retrying':
      return `${event.target}: will be tried again (${event.code}): ${event.message}`
    case 'target-failed':
      return `${event.target}: failed (${event.code}): ${event.message}`
    case 'target-unknown':
      return `${event.target}: left to a machine whose list has it`
    case 'machine-lost':
      return `${event.target}: ${event.machine} has not been heard of; it is taken over`
    case 'target-event':
      return undefined
  }
}

function wavesIn({ targets }: FleetReport): readonly WaveLine[] {
  const waves = [...new Set(targets.map((target) => target.wave))].toSorted((a, b) => a - b)
  return waves.map((wave) =>
    lineOf(
      wave,
      targets.filter((target) => target.wave === wave),
    ),
  )
}

function lineOf(wave: number, targets: readonly FleetRow[]): WaveLine {
  const inState = (state: FleetRow['state']) => targets.filter((target) => target.state === state).length
  const left = inState('pending') + inState('running')
  const rows = targets.flatMap((target) => target.rows ?? []).reduce<number | undefined>((sum, each) => (sum ?? 0) + each, undefined)
  const ended = { done: inState('done'), failed: inState('failed'), skipped: inState('skipped') }
  return { wave, targets: targets.length, ...ended, left, ...(rows === undefined ? {} : { rows }) }
}

function nameOf(wave: number): string {
  return wave === 0 ? 'canary' : `wave ${wave}`
}

function shareText({ unit, amount }: Share): string {
  return unit === 'percent' ? `${amount} %` : String(amount)
}

function failure(style: Style, { name, code = '', message = '', hint = '' }: FleetRow): string {
  const head = tint(style, 'red', wrap(style, '', printable(`${name}: ${clip(message, 600)}`)))
  return [head, wrap(style, '  ', printable(`What to do: ${hint}`)), tint(style, 'dim', `  (${code})`)].join('\n')
}

/** Those that wait for another attempt, and why. */
function waiting(style: Style, { targets }: FleetReport): readonly string[] {
  const again = targets.filter((target) => target.state === 'pending' && target.code !== undefined && target.code !== 'interrupted')
  return again.map((target) =>
    wrap(style, '', printable(`${target.name}: to be tried again (${target.code ?? ''}): ${clip(target.message ?? '', 300)}`)),
  )
}

function ending(style: Style, report: FleetReport): string {
  const { stopped } = report
  if (stopped !== undefined)
    return [
      tint(style, 'red', wrap(style, '', printable(stopped.message))),
      wrap(style, '', printable(`What to do: ${stopped.hint}`)),
      tint(style, 'dim', `(${stopped.code})`),
    ].join('\n')
  const all = lineOf(0, report.targets)
  const rest = [
    all.rows === undefined ? '' : count(all.rows, 'row'),
    all.skipped > 0 ? `${all.skipped} skipped` : '',
    all.failed > 0 ? `${all.failed} failed` : '',
    all.left > 0 ? `${all.left} left` : '',
  ]
  const text = [`${all.done} of ${all.targets} done`, ...rest.filter((part) => part !== '')].join(', ')
  return tint(style, all.failed + all.left === 0 ? 'green' : 'yellow', `${text}.`)
}
