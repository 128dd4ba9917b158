import { duration, tint } from '../report/style.ts'
import type { Style } from '../report/style.ts'
import type { Slice } from './samples.ts'

export interface Marker {
  readonly atMs: number
  /** One character. */
  readonly label: string
}

export interface Chart {
  /** Slices of equal length from 0. */
  readonly timeline: readonly Slice[]
  readonly markers: readonly Marker[]
}

/** Half decades: the rows of the picture, so that every chart has the same scale whatever it shows. */
const rowBounds = [1, 3.162, 10, 31.62, 100, 316.2, 1000, 3162, 10_000, 31_620, 100_000] as const
const rowLabels: { readonly [bound: number]: string } = { 1: '1 ms', 10: '10 ms', 100: '100 ms', 1000: '1 s', 10_000: '10 s' }
const usualRows = 9
const blocks = ' ▁▂▃▄▅▆▇█'
const labelWidth = 7
const widest = 72

/**
 * The slowest query of each stretch of time as a bar, on a log scale from 1 ms; a dotted line at 100 ms. Below it the time
 * axis, `!` where queries failed, and the markers, each in the first line that has room.
 */
export function drawChart(chart: Chart, style: Style): readonly string[] {
  const sliceMs = (chart.timeline[1]?.atMs ?? 1000) - (chart.timeline[0]?.atMs ?? 0)
  const width = Math.max(10, Math.min(widest, style.width - labelWidth - 2))
  const perColumn = Math.max(1, Math.ceil(chart.timeline.length / width))
  const columns = columnsOf(chart.timeline, perColumn)
  const columnMs = perColumn * sliceMs
  return [
    ...bars(columns, style),
    ...axis(columns.length, columnMs),
    ...failures(columns, style),
    ...markerLines(chart.markers, columns.length, columnMs),
  ]
}

interface Column {
  readonly longestMs: number
  readonly queries: number
  readonly failed: number
}

function columnsOf(timeline: readonly Slice[], perColumn: number): readonly Column[] {
  return Array.from({ length: Math.ceil(timeline.length / perColumn) }, (_, index) => {
    const group = timeline.slice(index * perColumn, (index + 1) * perColumn)
    return {
      longestMs: Math.max(...group.map((slice) => slice.longestMs)),
      queries: group.reduce((sum, slice) => sum + slice.queries, 0),
      failed: group.reduce((sum, slice) => sum + slice.failed, 0),
    }
  })
}

function bars(columns: readonly Column[], style: Style): readonly string[] {
  const top = columns.some((column) => column.longestMs > (rowBounds[usualRows] ?? 0)) ? usualRows + 1 : usualRows
  return Array.from({ length: top }, (_, fromTop) => {
    const row = top - 1 - fromTop
    const bound = rowBounds[row] ?? 1
    const cells = columns.map((column) => paint(cell(column, row), column, style)).join('')
    return `${(rowLabels[bound] ?? '').padStart(labelWidth)} ┤${cells}`.trimEnd()
  })
}

function cell(column: Column, row: number): string {
  const low = Math.log(rowBounds[row] ?? 1)
  const high = Math.log(rowBounds[row + 1] ?? 1)
  const share = (Math.log(Math.max(column.longestMs, 0.001)) - low) / (high - low)
  const least = row === 0 && column.queries > 0 ? 1 : 0
  const eighths = Math.max(least, Math.min(8, Math.ceil(share * 8)))
  if (eighths > 0) return blocks[eighths] ?? '█'
  return rowBounds[row] === 100 ? '·' : ' '
}

function paint(text: string, column: Column, style: Style): string {
  if (text === ' ' || text === '·') return text
  return tint(style, column.longestMs > 1000 ? 'red' : column.longestMs > 100 ? 'yellow' : 'green', text)
}

function axis(count: number, columnMs: number): readonly string[] {
  const line = Array.from({ length: count }, (_, index) => (index % 10 === 0 ? '┴' : '─')).join('')
  let labels = ' '.repeat(labelWidth + 2)
  for (let tick = 0; tick < count; tick += 10)
    labels = `${labels.padEnd(labelWidth + 2 + tick)}${duration(tick * columnMs).replace(/^0 ms$/, '0')}`
  return [`${' '.repeat(labelWidth)} └${line}`, labels]
}

function failures(columns: readonly Column[], style: Style): readonly string[] {
  if (columns.every((column) => column.failed === 0)) return []
  const cells = columns.map((column) => (column.failed > 0 ? '!' : ' ')).join('')
  return [tint(style, 'red', `${'failed'.padStart(labelWidth)}  ${cells.trimEnd()}`)]
}

function markerLines(markers: readonly Marker[], count: number, columnMs: number): readonly string[] {
  const lines: string[][] = []
  for (const marker of markers) {
    const at = Math.min(count - 1, Math.floor(marker.atMs / columnMs))
    let line = lines.find((cells) => (cells[at] ?? ' ') === ' ')
    if (line === undefined) lines.push((line = Array.from({ length: count }, () => ' ')))
    line[at] = marker.label
  }
  return lines.map((cells) => `${' '.repeat(labelWidth + 2)}${cells.join('').trimEnd()}`)
}
