import type { Migration } from '../model/migration.ts'

/** One comment, or one line of a block of them, without its marks. */
export interface Comment {
  readonly text: string
  /** 1-based, in the source file. */
  readonly line: number
  /** Positions of the statements that it stands above: none behind the last one, several where one line of code issued them. */
  readonly above: readonly number[]
  /** Blanks between its mark and its text. */
  readonly indent: number
  /** It stands at the head of the file, with an empty line below. */
  readonly isHeader: boolean
}

interface Placed {
  readonly sql: string
  readonly start: number
  readonly line: number
}

/** The comments outside of statements, in order: between those of a script, and anywhere in code. */
export function commentsOf(body: Migration['body'], statements: readonly Placed[]): readonly Comment[] {
  if (body.kind !== 'sql') return inCode(body.bytes, statements)
  return mayHoldComments(body.bytes) ? inScript(body.bytes, statements) : []
}

function mayHoldComments(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.includes('--') || buffer.includes('/*')
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()

// Between two statements there are only blanks, semicolons and comments: nothing in a string can be taken for one.
function inScript(bytes: Uint8Array, statements: readonly Placed[]): readonly Comment[] {
  let end = 0
  let line = 1
  return [...statements, undefined].flatMap((statement, at) => {
    const gap = decoder.decode(bytes.subarray(end, statement?.start ?? bytes.length))
    const above = statement === undefined ? [] : [at]
    const header = at === 0 ? headerLength(gap) : 0
    const first = line
    end = statement === undefined ? end : statement.start + encoder.encode(statement.sql).length
    line = statement === undefined ? line : statement.line + newlines(statement.sql)
    return scan(gap).flatMap(({ offset, linesBefore, lines }) =>
      lines.map((own, below) => ({ ...own, line: first + linesBefore + below, above, isHeader: offset < header })),
    )
  })
}

interface Found {
  readonly offset: number
  readonly linesBefore: number
  readonly lines: readonly Marked[]
}

type Marked = Pick<Comment, 'text' | 'indent'>

function scan(text: string): readonly Found[] {
  const found: Found[] = []
  const opening = /--|\/\*/g
  let linesBefore = 0
  let counted = 0
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const end = match[0] === '--' ? endOfLine(text, match.index) : endOfBlock(text, match.index)
    linesBefore += newlines(text.slice(counted, match.index))
    counted = match.index
    found.push({ offset: match.index, linesBefore, lines: text.slice(match.index, end).split('\n').map(withoutMarks) })
    opening.lastIndex = end
  }
  return found
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

// PostgreSQL's blocks may stand in each other.
function endOfBlock(text: string, from: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  let depth = 0
  for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return match.index + 2
  }
  return text.length
}

function withoutMarks(line: string): Marked {
  const [head = '', indent = ''] = /^(?:\s*(?:--+|\/\*+|\*+(?!\/)|\/\/+))?(\s*)/.exec(line) ?? []
  const text = line
    .slice(head.length)
    .replace(/\s*\*\/\s*$/, '')
    .trim()
  return { text, indent: indent.length }
}

function headerLength(gap: string): number {
  return /^\s*\S[^]*?\n[ \t\r]*\n/.exec(gap)?.[0].length ?? 0
}

/**
 * Code is not parsed: a line counts whose text begins with a comment's mark, or holds `//`. It belongs to the next statement below it;
 * SQL's own mark stands in the text of a query, so that one belongs to the query that begins above.
 */
function inCode(bytes: Uint8Array, statements: readonly Placed[]): readonly Comment[] {
  return decoder
    .decode(bytes)
    .split('\n')
    .flatMap((source, index): readonly Comment[] => {
      const mark = /^\s*(--|\/\*|\*|\/\/)|(\/\/)/.exec(source)
      if (mark === null) return []
      const line = index + 1
      return [{ ...withoutMarks(source.slice(mark.index)), line, above: belongs(mark[1] === '--', line, statements), isHeader: false }]
    })
}

function belongs(isInQuery: boolean, line: number, statements: readonly Placed[]): readonly number[] {
  const lines = statements.map((statement) => statement.line)
  const target = isInQuery ? Math.max(...lines.filter((own) => own <= line)) : Math.min(...lines.filter((own) => own >= line))
  return lines.flatMap((own, at) => (own === target ? [at] : []))
}

function newlines(text: string): number {
  return text.split('\n').length - 1
}
