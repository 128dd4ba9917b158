import { createRequire } from 'node:module'
import type { Statement } from '../model/statement.ts'
import { LockkeeperError } from '../model/errors.ts'
import { shiftPlaces, tagOf, type PgNode } from './node.ts'
import { locateError, type Place } from './parse-error.ts'
import { isTooDeep, opensTooManyComments } from './parse-limits.ts'

type Parser = typeof import('libpg-query')

/** One token; offsets are bytes of the UTF-8 text. `kind` is the lexer's name: IDENT, SCONST, SQL_COMMENT, ASCII_44 (a comma). */
export interface Token {
  readonly start: number
  readonly end: number
  readonly text: string
  readonly kind: string
}

let parser: Parser | undefined
/** Its stack has run out. It does not get back what it had taken of it: after some 40 times it can read nothing more. */
let worn = false

/** Loads the WebAssembly parser, anew where it is worn; cheap otherwise. `parse` and `scan` need it to have been awaited once. */
export async function loadParser(): Promise<void> {
  if (parser !== undefined && !worn) return
  const loaded = worn ? anotherParser() : await import('libpg-query')
  await loaded.loadModule()
  parser = loaded
  worn = false
}

// A module has one instance of the parser, and an import cannot be evaluated twice.
function anotherParser(): Parser {
  const require = createRequire(import.meta.url)
  Reflect.deleteProperty(require.cache, require.resolve('libpg-query'))
  return require('libpg-query') as Parser
}

/**
 * The statements of a UTF-8 script, without its comments between them. Throws `syntax` with line and column, `nul-byte`,
 * and `meta-command` for psql commands and variables. A byte order mark is passed over. Places in a tree are bytes of its statement's `sql`.
 */
export function parse(bytes: Uint8Array): readonly Statement<PgNode>[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const from = byteOrderMark(buffer)
  const sql = decode(buffer.subarray(from))
  if (trimmed(sql) === '') return []
  if (opensTooManyComments(sql)) throw refused(endlessComments)
  const places = new LineCounter(buffer, from)
  return parseTree(sql).map((raw) => {
    const start = from + (raw.stmt_location ?? 0)
    const end = raw.stmt_len === undefined ? buffer.length : start + raw.stmt_len
    const node = raw.stmt as PgNode
    const place = places.at(start)
    if (isTooDeep(node, end - start)) throw refused({ code: 'syntax', what: 'A statement is nested too deeply to be read', ...place })
    if (start > from) shiftPlaces(node, start - from)
    return { sql: withoutTail(buffer.toString('utf8', start, end)), parameters: [], start, ...place, kind: tagOf(node), node }
  })
}

/** The tokens of a text, comments included. Throws `syntax` where a quote or a comment is not closed. */
export function scan(sql: string): readonly Token[] {
  if (sql === '') return []
  if (opensTooManyComments(sql)) throw refused(endlessComments)
  try {
    const plain = sql.replaceAll(control, ' ')
    const tokens = loaded()
      .scanSync(plain)
      .tokens.map((token) => ({ start: token.start, end: token.end, text: token.text, kind: token.tokenName }))
    return plain === sql ? tokens : withTextsOf(sql, tokens)
  } catch (error) {
    worn ||= isCrash(error)
    throw new LockkeeperError('syntax', `The text cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    })
  }
}

// The package's scanner does not escape them in the JSON that it hands over. They stand in strings, names and comments, or count as blanks: elsewhere
// the parser refuses them.
const control = new RegExp(String.raw`[\u0001-\u0008\u000b\u000c\u000e-\u001f]`, 'g')

function withTextsOf(sql: string, tokens: readonly Token[]): readonly Token[] {
  const bytes = Buffer.from(sql, 'utf8')
  return tokens.map((token) => ({ ...token, text: bytes.toString('utf8', token.start, token.end) }))
}

// Of the call stack, or of the parser's own stack in its memory.
function isCrash(error: unknown): boolean {
  return error instanceof Error && (error.name === 'RangeError' || error.name === 'RuntimeError')
}

function loaded(): Parser {
  if (parser === undefined) throw new LockkeeperError('internal', 'The SQL parser is used before loadParser() was awaited.')
  return parser
}

function byteOrderMark(buffer: Buffer): number {
  return buffer.length >= 3 && buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0
}

// A NUL would end the C string: what follows it would be neither parsed nor judged.
function decode(buffer: Buffer): string {
  const nul = buffer.indexOf(0)
  if (nul >= 0) throw refused({ code: 'nul-byte', what: 'A NUL byte stands', ...new LineCounter(buffer, 0).at(nul) })
  const sql = buffer.toString('utf8')
  if (!Buffer.from(sql, 'utf8').equals(buffer)) throw new LockkeeperError('syntax', 'The file is not valid UTF-8.')
  return sql
}

function parseTree(sql: string) {
  try {
    return loaded().parseSync(sql).stmts ?? []
  } catch (error) {
    if (error instanceof LockkeeperError) throw error
    const details = loaded().hasSqlDetails(error) ? error.sqlDetails : undefined
    worn ||= isCrash(error)
    throw refused(locateError(sql, details), error)
  }
}

const endlessComments = { code: 'syntax', what: 'Comments within comments without end stand', line: 1, column: 1 } as const

interface Refusal extends Place {
  readonly code: 'nul-byte' | 'meta-command' | 'syntax'
  readonly what: string
}

function refused({ code, what, line, column }: Refusal, cause?: unknown): LockkeeperError {
  return new LockkeeperError(code, `${what} at line ${line}, column ${column}.`, { cause, details: { line, column } })
}

// The last statement of a file reaches to its end, and any other to its semicolon: comments behind the last token are not part of it.
function withoutTail(sql: string): string {
  if (!/--|\*\//.test(sql)) return trimmed(sql)
  const last = scan(sql).findLast((token) => !token.kind.endsWith('_COMMENT') && token.kind !== 'ASCII_59')
  return last === undefined ? trimmed(sql) : Buffer.from(sql, 'utf8').toString('utf8', 0, last.end)
}

// What the server's lexer takes for blank; to JavaScript a no-break space or a byte order mark is blank too, to the server part of a name.
function trimmed(sql: string): string {
  let end = sql.length
  while (end > 0 && ' \t\n\r\f\v'.includes(sql.charAt(end - 1))) end -= 1
  return sql.slice(0, end)
}

/** Turns rising byte offsets into lines and columns (in characters), reading the file once. */
class LineCounter {
  readonly #buffer: Buffer
  #read: number
  #line = 1
  #column = 1
  constructor(buffer: Buffer, from: number) {
    this.#buffer = buffer
    this.#read = from
  }
  at(offset: number): Place {
    for (; this.#read < offset; this.#read += 1) this.#pass(this.#buffer[this.#read] ?? 0)
    return { line: this.#line, column: this.#column }
  }
  #pass(byte: number): void {
    if (byte === 10) {
      this.#line += 1
      this.#column = 1
      return
    }
    // Bytes 10xxxxxx go on with a character of UTF-8.
    if ((byte & 0xc0) !== 0x80) this.#column += 1
  }
}
