import { grouped } from '../std/amounts.ts'

/** How text looks: colours only where asked for, lines no wider than asked for. */
export interface Style {
  readonly color: boolean
  /** Columns to wrap prose at. */
  readonly width: number
}

export type Tint = 'red' | 'yellow' | 'green' | 'blue' | 'dim' | 'bold'

const codes: { readonly [tint in Tint]: string } = { red: '31', yellow: '33', green: '32', blue: '34', dim: '2', bold: '1' }

/** The text in a colour, or as it is. */
export function tint(style: Style, name: Tint, text: string): string {
  return style.color ? `\u001b[${codes[name]}m${text}\u001b[0m` : text
}

/** Prose in lines of at most `style.width` columns, each indented; a word longer than a line stands alone. */
export function wrap(style: Style, indent: string, text: string): string {
  return text
    .split('\n')
    .map((line) =>
      wrapLine(Math.max(style.width - indent.length, 20), line)
        .map((part) => indent + part)
        .join('\n'),
    )
    .join('\n')
}

function wrapLine(width: number, text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/ +/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** SQL as it is, indented, at most `lines` lines; what is left out is counted. */
export function excerpt(indent: string, sql: string, lines: number): string {
  const all = sql.trim().split('\n')
  const shown = all.length > lines + 1 ? [...all.slice(0, lines), `... ${all.length - lines} more lines`] : all
  return shown.map((line) => (line === '' ? '' : indent + clip(line, 200))).join('\n')
}

/** The text without control characters (a hostile name must not move the cursor), cut at `length`. */
export function clip(text: string, length: number): string {
  const plain = printable(text)
  return plain.length > length ? `${plain.slice(0, length - 3)}...` : plain
}

/** Control characters, save newline and tab, as `\u00xx`. */
export function printable(text: string): string {
  return text.replace(unprintable, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

// C0 and C1 controls, and the characters that turn the direction of text around.
const unprintable = new RegExp(String.raw`[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]`, 'g')

/** `850 ms`, `3.2 s`, `4 min 10 s`, `2 h 5 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${ms < 10 && !Number.isInteger(ms) ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms % 1000 === 0 ? 0 : 1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min${seconds % 60 === 0 ? '' : ` ${seconds % 60} s`}`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`
}

/** `1 error`, `3 errors`. */
export function count(n: number, noun: string): string {
  return `${grouped(n)} ${noun}${n === 1 ? '' : 's'}`
}
