import type { Style } from './style.ts'
import { printable } from './style.ts'

export interface Rows {
  readonly headings: readonly string[]
  readonly rows: readonly (readonly string[])[]
  readonly indent?: string
}

/** Rows under headings in columns; where that is too wide for the style, one block of `heading: value` lines a row. */
export function table(style: Style, { headings, rows, indent = '' }: Rows): string {
  const plain = rows.map((row) => row.map((cell) => printable(cell).replaceAll('\n', ' ')))
  const widths = headings.map((heading, at) => Math.max(heading.length, ...plain.map((row) => (row[at] ?? '').length)))
  const total = widths.reduce((sum, width) => sum + width + 2, indent.length - 2)
  return total > style.width ? blocks(indent, headings, plain) : [headings, ...plain].map((row) => indent + line(row, widths)).join('\n')
}

function line(cells: readonly string[], widths: readonly number[]): string {
  return widths
    .map((width, at) => (cells[at] ?? '').padEnd(width))
    .join('  ')
    .trimEnd()
}

function blocks(indent: string, headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return rows
    .map((row) => headings.map((heading, at) => `${indent}${at === 0 ? '' : '  '}${heading}: ${row[at] ?? ''}`).join('\n'))
    .join('\n')
}
