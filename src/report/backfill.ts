import type { BackfillState, WorkerState } from '../model/backfill.ts'
import { workText } from '../model/work-text.ts'
import { grouped, sizeText } from '../std/amounts.ts'
import { clip, duration, printable, tint, wrap } from './style.ts'
import type { Style } from './style.ts'

/** A state with its name and what is read off it, as --json shows it. */
export interface BackfillLine extends BackfillState {
  readonly name: string
  /** Where it was looked at before; else the mean since it began. */
  readonly pace?: { readonly rowsPerSecond: number; readonly etaMs?: number }
}

export function backfillsJson(verb: string, backfills: readonly BackfillLine[]): string {
  return `${JSON.stringify({ format: 1, command: 'backfill', verb, backfills: backfills.map(backfillShown) }, null, 2)}\n`
}

/** One line, for a terminal that follows and for a log. */
export function backfillNdjson(backfill: BackfillLine): string {
  return `${JSON.stringify(backfillShown(backfill))}\n`
}

/** As --json shows it. */
export function backfillShown(backfill: BackfillLine): object {
  const { key: _key, definition, name, pace = meanPace(backfill), ...rest } = backfill
  return {
    name,
    state: stateOf(backfill),
    ...(definition === undefined ? {} : { sql: workText(definition.work), walk: definition.walk.by, relation: definition.work.relation }),
    ...rest,
    hotShare: backfill.rows === 0 ? 0 : backfill.hotRows / backfill.rows,
    rowsPerSecond: Math.round(pace.rowsPerSecond),
    ...(pace.etaMs === undefined ? {} : { etaMs: Math.round(pace.etaMs) }),
  }
}

export type BackfillWord = 'done' | 'failed' | 'cancelled' | 'paused' | 'held' | 'running' | 'waiting'

/** `waiting`: no worker has a part of it. */
export function stateOf({ done, failure, wanted, workers }: BackfillState): BackfillWord {
  if (done) return 'done'
  if (failure !== undefined) return 'failed'
  if (wanted === 'cancel') return 'cancelled'
  if (wanted === 'pause') return 'paused'
  const alive = workers.filter((worker) => !worker.expired)
  if (alive.length === 0) return 'waiting'
  return alive.every((worker) => worker.held !== undefined) ? 'held' : 'running'
}

/** A block for each: its state in a line, then what it does, who works on it and what to do. */
export function backfillsText(style: Style, backfills: readonly BackfillLine[]): string {
  if (backfills.length === 0) return 'There are no backfills in this database.\n'
  return `${backfills.map((backfill) => block(style, backfill)).join('\n\n')}\n`
}

function block(style: Style, backfill: BackfillLine): string {
  const { definition, name } = backfill
  return [
    `${printable(name)}: ${stateWord(style, stateOf(backfill))}, ${progressText(backfill)}`,
    ...(definition === undefined
      ? []
      : [tint(style, 'dim', `  ${clip(workText(definition.work).replaceAll('\n', ' '), Math.max(40, style.width - 4))}`)]),
    ...backfill.workers.map((worker) => `  ${workerText(worker)}`),
    ...adviceFor(backfill).map((line) => wrap(style, '  ', printable(line))),
  ].join('\n')
}

function stateWord(style: Style, state: BackfillWord): string {
  const tints = {
    done: 'green',
    failed: 'red',
    cancelled: 'yellow',
    paused: 'yellow',
    held: 'yellow',
    running: 'green',
    waiting: 'yellow',
  } as const
  return tint(style, tints[state], state)
}

/** `1,234,000 rows, 61 %, HOT 68 %, WAL 310 MB, 3 min left`. */
export function progressText(backfill: BackfillLine): string {
  const { rows, hotRows, walBytes, fraction, sweep, done, pace: { rowsPerSecond, etaMs } = meanPace(backfill) } = backfill
  const runs = stateOf(backfill) === 'running'
  return [
    `${grouped(rows)} rows`,
    ...(done ? [`in ${duration(backfill.updatedAt.getTime() - backfill.startedAt.getTime())}`] : [`${Math.floor(fraction * 100)} %`]),
    ...(sweep > 1 && !done ? [`sweep ${sweep}`] : []),
    ...(hotRows > 0 ? [`HOT ${Math.round((100 * hotRows) / rows)} %`] : []),
    ...(walBytes > 0 ? [`WAL ${sizeText(walBytes)}`] : []),
    ...(etaMs === undefined || !runs ? [] : [`about ${duration(etaMs)} left`]),
    ...(rowsPerSecond > 0 && runs ? [`${grouped(Math.round(rowsPerSecond))} rows/s`] : []),
  ].join(', ')
}

function workerText({ owner, relation, expired, held, batchRows, batchMs }: WorkerState): string {
  const what = held === undefined ? `${grouped(batchRows)} rows in ${duration(batchMs)}` : `held by ${held}`
  return printable(`${owner} on ${relation}: ${expired ? 'gone; its part is taken over by the next worker' : what}`)
}

function adviceFor(backfill: BackfillLine): readonly string[] {
  const { name, failure } = backfill
  switch (stateOf(backfill)) {
    case 'failed':
      return [failure ?? '', `Mend it, then: ${goOn(backfill)}`]
    case 'cancelled':
      return [`What is done stays. To go on: lockkeeper backfill resume ${name}, then ${goOn(backfill)}`]
    case 'paused':
      return [`To go on: lockkeeper backfill resume ${name}`]
    case 'waiting':
      return [`No worker has a part of it. One that waits goes on by itself; where none does: ${goOn(backfill)}`]
    case 'done':
    case 'held':
    case 'running':
      return []
  }
}

function goOn({ name, key }: BackfillLine): string {
  return key.migration === '' ? `lockkeeper backfill run ${name}` : 'lockkeeper apply'
}

/** None below one percent, and none behind the first sweep: what is left then is not known beforehand. */
function meanPace({ rows, fraction, sweep, startedAt, updatedAt, done }: BackfillState): NonNullable<BackfillLine['pace']> {
  const spentMs = updatedAt.getTime() - startedAt.getTime()
  if (spentMs <= 0) return { rowsPerSecond: 0 }
  const known = !done && sweep === 1 && fraction >= 0.01
  return { rowsPerSecond: (rows / spentMs) * 1_000, ...(known ? { etaMs: (spentMs / fraction) * (1 - fraction) } : {}) }
}
