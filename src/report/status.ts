import { backfillShown, backfillsText, type BackfillLine } from './backfill.ts'
import type { Style } from './style.ts'
import { printable, tint, wrap } from './style.ts'
import { table } from './table.ts'

/** What `status` knows; src/verbs has the same shape. */
export interface StatusReport {
  readonly migrations: readonly StatusLine[]
  readonly backfills: readonly BackfillLine[]
  /** Recorded in the ORM's history, but no file answers to them. */
  readonly unknown: readonly string[]
  readonly leftovers: readonly string[]
  readonly invalidIndexes: readonly string[]
  readonly unvalidated: readonly string[]
}

export interface StatusLine {
  readonly id: string
  readonly source: string
  readonly state: string
  readonly step?: string
  readonly ormRecorded?: boolean
  /** The file differs from what was applied. */
  readonly changed: boolean
}

export function statusJson(report: StatusReport): string {
  return `${JSON.stringify({ format: 1, command: 'status', ...report, backfills: report.backfills.map(backfillShown) }, null, 2)}\n`
}

/** A row for each migration that is not simply complete, a count of the rest, then what is unfinished in the schema. */
export function statusText(style: Style, report: StatusReport): string {
  const dull = report.migrations.filter(isDull)
  const rows = report.migrations.filter((line) => !isDull(line)).map((line) => [line.state, line.id, line.step ?? '', remark(line)])
  const parts = [
    dull.length === 0 ? '' : tint(style, 'green', `${dull.length} complete`),
    rows.length === 0 ? '' : table(style, { headings: ['state', 'migration', 'step', 'remark'], rows }),
    report.backfills.length === 0 ? '' : backfillsText(style, report.backfills).trimEnd(),
    listed(style, 'Recorded in the history, but there is no file', report.unknown),
    listed(style, 'Left over from lockkeeper', report.leftovers),
    listed(style, 'INVALID indexes', report.invalidIndexes),
    listed(style, 'Constraints that are NOT VALID', report.unvalidated),
  ].filter((part) => part !== '')
  return `${parts.length === 0 ? 'There are no migrations.' : parts.join('\n\n')}\n`
}

function isDull(line: StatusLine): boolean {
  return line.state === 'complete' && !line.changed && line.ormRecorded !== false
}

function remark(line: StatusLine): string {
  if (line.changed) return 'the file was changed after it was applied'
  if (line.state === 'complete' && line.ormRecorded === false) return 'the history of the ORM does not have it'
  if (line.state === 'expanded') return `the old shape still stands: lockkeeper complete ${line.id}, once nobody needs it`
  if (line.state === 'skipped') return 'it sorts before what is applied: it would never run'
  if (line.state === 'failed' && line.step === undefined) return 'the ORM began it and did not end it'
  return ''
}

function listed(style: Style, heading: string, names: readonly string[]): string {
  return names.length === 0 ? '' : [`${heading}:`, ...names.map((name) => wrap(style, '  ', printable(name)))].join('\n')
}
