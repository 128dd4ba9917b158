import { count, duration, tint, wrap } from '../report/style.ts'
import type { Style } from '../report/style.ts'
import { table } from '../report/table.ts'
import { drawChart } from './chart.ts'
import type { Marker } from './chart.ts'
import type { DemoDocument, WayId, WayResult, WayStep } from './document.ts'

const titles: { readonly [way in WayId]: string } = {
  'plain': 'plain: as `prisma migrate deploy` runs the folder',
  'lock-timeout': "lock-timeout: the same, with lock_timeout = '3s' and retries",
  'lockkeeper': 'lockkeeper: `lockkeeper apply`',
}

/** One way's chart with its heading; below the time axis R marks the end of the report and each digit the commit of a migration. */
export function wayText(result: WayResult, style: Style): string {
  const heading = wrap({ ...style, width: style.width }, '', titles[result.way])
  const chart = drawChart({ timeline: result.timeline, markers: markersOf(result) }, style)
  return `${tint(style, 'bold', heading)}\n${chart.join('\n')}\n`
}

/** What the charts show, once. */
export function legend(reportSeconds: number, style: Style): string {
  return wrap(
    style,
    '',
    `Each bar is the slowest of the application's queries that were due in that second. R: the ${reportSeconds} s report ends. 1, 2, ...: the first, second, ... migration is committed.`,
  )
}

/** The ways side by side, and below it what Lockkeeper did instead. */
export function summaryText(document: DemoDocument, style: Style): string {
  const lockkeeper = document.ways.find((result) => result.way === 'lockkeeper')
  return [comparison(document.ways, style), ...(lockkeeper === undefined ? [] : ['', story(lockkeeper, style)])].join('\n')
}

function markersOf(result: WayResult): readonly Marker[] {
  const commits = [...new Map(result.steps.map((step) => [step.migration, step.endMs]))]
  return [{ atMs: result.blockerMs, label: 'R' }, ...commits.map(([, atMs], index) => ({ atMs, label: String(index + 1) }))]
}

type Cell = (result: WayResult) => string

const lines: readonly (readonly [string, Cell])[] = [
  ['queries', (result) => result.queries.toLocaleString('en-US')],
  ['queries failed', (result) => `${result.failed}${failureCodes(result)}`],
  ['delayed over 100 ms', (result) => result.delayedOver100Ms.toLocaleString('en-US')],
  ['p50', (result) => duration(result.p50Ms)],
  ['p99', (result) => duration(result.p99Ms)],
  ['longest stall', (result) => duration(result.longestMs)],
  ['idle: p99', (result) => duration(result.idle.p99Ms)],
  ['idle: longest', (result) => duration(result.idle.longestMs)],
  ['time to finish', (result) => duration(result.doneMs)],
  ['first commit after report', (result) => duration(result.doneAfterBlockerMs)],
]

function comparison(ways: readonly WayResult[], style: Style): string {
  const cells = lines.map(([, cell]) => ways.map((result) => cell(result)))
  const widths = ways.map(({ way }, at) => Math.max(way.length, ...cells.map((row) => (row[at] ?? '').length)))
  const rows = lines.map(([name], row) => [name, ...widths.map((width, at) => (cells[row]?.[at] ?? '').padStart(width))])
  return table(style, { headings: ['', ...ways.map(({ way }, at) => way.padStart(widths[at] ?? 0))], rows })
}

function failureCodes(result: WayResult): string {
  const codes = Object.keys(result.failures)
  return codes.length === 0 ? '' : ` (${codes.join(', ')})`
}

function story(result: WayResult, style: Style): string {
  const migrations = [...new Set(result.steps.map((step) => step.migration))]
  const chapters = migrations.map((migration, index) => {
    const steps = result.steps.filter((step) => step.migration === migration)
    return [`${index + 1}  ${migration}`, ...steps.map((step) => wrap(style, '   ', sentence(step)))].join('\n')
  })
  const alone =
    result.doneWithoutTrafficMs === undefined
      ? []
      : ['', wrap(style, '', `Without traffic and report the same plan took ${duration(result.doneWithoutTrafficMs)}.`)]
  return [tint(style, 'bold', 'What Lockkeeper did instead'), ...chapters, ...alone].join('\n')
}

/** What one step did, in plain words: what it waited for, how it came by its lock, what it changed. */
function sentence(step: WayStep): string {
  const waited =
    step.waitedMs === undefined || step.waitedMs < 50
      ? []
      : [
          `stood aside ${duration(step.waitedMs)}${step.waitedFor === undefined ? '' : ` for ${step.waitedFor}`}, with nobody queued behind it`,
        ]
  const held = step.lockHeldMs === undefined ? [] : [`held the lock for ${duration(step.lockHeldMs)}`]
  const rows = step.rows === undefined ? [] : [`${count(step.rows, 'row')} in small batches`]
  const took = step.lockHeldMs === undefined ? [`took ${duration(step.endMs - step.startMs)}`] : []
  return `${duration(step.startMs)}: ${step.title}; ${[...waited, ...held, ...rows, ...took].join('; ')}.`
}
