import type { CheckedStatement } from '../model/verdict.ts'
import type { Style } from './style.ts'
import { printable, tint } from './style.ts'

/** More lines than these tell nobody which statement it is. */
const mostLines = 8

/** The statement as it stands in its file, with the numbers of its lines; long lines go on below, and what is left out is counted. */
export function sourceExcerpt(style: Style, statement: CheckedStatement): string {
  const all = dedented(statement)
  const shown = all.length > mostLines + 1 ? all.slice(0, mostLines) : all
  const digits = String(statement.line + shown.length - 1).length
  const gutter = (number: string) => tint(style, 'dim', `  ${number.padStart(digits)} |`)
  const rows = shown.flatMap((text, below) => {
    const number = below === 0 || statement.offsetBytes !== undefined ? String(statement.line + below) : ''
    return broken(text, style.width - digits - 5).map((part, at) => `${gutter(at === 0 ? number : '')} ${part}`.trimEnd())
  })
  const rest = all.length - shown.length
  return [...rows, ...(rest > 0 ? [`${gutter('')} ${tint(style, 'dim', `... ${rest} more lines`)}`] : [])].join('\n')
}

/** The column of the facts below an excerpt. */
export function gutterWidth({ line, sql }: CheckedStatement): number {
  return String(line + Math.min(sql.split('\n').length, mostLines) - 1).length + 3
}

// The first line begins where the statement does: it gets back the blanks before it, and then all lose what they have in common.
function dedented({ sql, column, offsetBytes }: CheckedStatement): readonly string[] {
  const [first = '', ...rest] = printable(sql.trimEnd()).replaceAll('\\u000d\n', '\n').replaceAll('\t', '    ').split('\n')
  const indents = rest.filter((line) => line.trim() !== '').map((line) => line.length - line.trimStart().length)
  const common = Math.min(...indents)
  const own = offsetBytes === undefined ? common : column - 1
  const cut = Math.min(own, common)
  if (!Number.isFinite(common)) return [first]
  return [' '.repeat(own - cut) + first, ...rest.map((line) => line.slice(cut))]
}

/** The line in pieces of at most so many characters, broken at a blank where there is one. */
function broken(text: string, room: number): readonly string[] {
  const width = Math.max(room, 20)
  const pieces: string[] = []
  let rest = text
  while (rest.length > width) {
    const blank = rest.lastIndexOf(' ', width)
    const at = blank > rest.search(/\S/) + width / 2 ? blank : wholeCharacters(rest, width)
    pieces.push(rest.slice(0, at))
    rest = `  ${rest.slice(at).trimStart()}`
  }
  return [...pieces, rest]
}

// A character of two units must not be torn.
function wholeCharacters(text: string, at: number): number {
  return /[\ud800-\udbff]/.test(text[at - 1] ?? '') ? at - 1 : at
}
