import { LockkeeperError } from '../model/errors.ts'
import type { Statement } from '../model/statement.ts'
import { sameTree, type ColumnDef, type Constraint, type ConstrType, type PgNode } from './node.ts'
import { parse, scan, type Token } from './parse.ts'

/** A statement read by itself: the places in its tree are bytes of its own text. Comments are no tokens here. */
export interface Source {
  readonly sql: string
  readonly node: PgNode
  readonly tokens: readonly Token[]
}

/** The statement's own text parsed again, since a statement of a file holds the places of the file. */
export function sourceOf({ sql }: Pick<Statement<PgNode>, 'sql'>): Source {
  const node = parseOne(sql)
  if (node === undefined)
    throw new LockkeeperError('internal', 'A statement that was parsed before cannot be parsed again.', { details: { sql } })
  return { sql, node, tokens: scan(sql).filter((token) => !token.kind.endsWith('_COMMENT')) }
}

/** The tree of a text of exactly one statement; undefined for any other text. */
export function parseOne(sql: string): PgNode | undefined {
  try {
    const [statement, ...more] = parse(Buffer.from(sql, 'utf8'))
    return more.length === 0 ? statement?.node : undefined
  } catch (error) {
    if (error instanceof LockkeeperError && error.code === 'syntax') return undefined
    throw error
  }
}

/** The bytes from the start of one token up to the start of another (exclusive), without what trails the last token between them. */
export function textOfTokens(source: Source, from: number, to: number = source.tokens.length): string {
  const [first, last] = [source.tokens[from], source.tokens[to - 1]]
  return first === undefined || last === undefined || to <= from ? '' : bytesOf(source.sql, first.start, last.end)
}

/** Position in `tokens` of the first token at or behind a place of the tree. */
export function tokenAt(source: Source, location: number): number {
  const at = source.tokens.findIndex((token) => token.start >= location)
  return at < 0 ? source.tokens.length : at
}

/** Position of the first token from `from` on that is this word. */
export function wordAt(source: Source, word: string, from = 0): number | undefined {
  const at = source.tokens.findIndex((token, index) => index >= from && token.text.toLowerCase() === word)
  return at < 0 ? undefined : at
}

/** Position behind the parenthesis that closes the one at `from`. */
export function closingOf(source: Source, from: number): number {
  let depth = 0
  for (let at = from; at < source.tokens.length; at += 1) {
    const text = source.tokens[at]?.text
    if (text === '(' || text === '[') depth += 1
    if (text === ')' || text === ']') depth -= 1
    if (depth === 0) return at + 1
  }
  return source.tokens.length
}

/** Puts a text before or behind a place of the statement: a new statement of otherwise the same bytes. */
export function insertAt(sql: string, location: number, text: string): string {
  const bytes = Buffer.from(sql, 'utf8')
  return `${bytes.toString('utf8', 0, location)}${text}${bytes.toString('utf8', location)}`
}

/**
 * The user's own text of an expression inside a statement, found by its place and proven by parsing it again;
 * undefined where no run of tokens means the same.
 */
export function expressionText(source: Source, expression: PgNode | undefined): string | undefined {
  if (expression === undefined) return undefined
  return plainText(source, expression) ?? runOfTokens(source, expression)
}

/** What most defaults are: a constant, or a call without arguments. */
const plain = /(?:\w+\(\)|\w+|'[^'\\]*')(?=\s*(?:[,);]|$|not\s+null\b|null\b|primary\b|unique\b))/iy

/** Found without cutting the whole statement into tokens, and proven like any other. */
function plainText({ sql }: Source, expression: PgNode): string | undefined {
  if (/[^\0-\x7f]/.test(sql)) return undefined
  plain.lastIndex = firstPlace(expression)
  const text = plain.exec(sql)?.[0]
  return text !== undefined && sameTree(parsePlain(text), expression) ? text : undefined
}

const parsed = new Map<string, PgNode | undefined>()
const mostParsed = 1_000

function parsePlain(text: string): PgNode | undefined {
  if (!parsed.has(text)) {
    if (parsed.size >= mostParsed) parsed.clear()
    parsed.set(text, parseExpression(text))
  }
  return parsed.get(text)
}

function runOfTokens(source: Source, expression: PgNode): string | undefined {
  const first = tokenAt(source, firstPlace(expression))
  for (let from = first; from >= 0 && (from === first || source.tokens[from]?.text === '('); from -= 1) {
    const text = longestMatch(source, from, expression)
    if (text !== undefined) return text
  }
  return undefined
}

// The longest first: what ends at the closing parenthesis around it, as most do, is found at once.
function longestMatch(source: Source, from: number, expression: PgNode): string | undefined {
  for (let to = endOfOperand(source, from); to > from; to -= 1) {
    const candidate = textOfTokens(source, from, to)
    if (sameTree(parseExpression(candidate), expression)) return candidate
  }
  return undefined
}

/** Position of the first token that cannot be part of it: a comma, or a parenthesis that closes one before it. */
function endOfOperand(source: Source, from: number): number {
  let depth = 0
  for (let at = from; at < source.tokens.length; at += 1) {
    const text = source.tokens[at]?.text ?? ''
    if (text === '(' || text === '[') depth += 1
    if (text === ')' || text === ']') depth -= 1
    if (depth < 0 || (depth === 0 && text === ',')) return at
  }
  return source.tokens.length
}

/** The tree of an expression's text; undefined where it is none. */
function parseExpression(text: string): PgNode | undefined {
  const node = parseOne(`SELECT (${text}\n)`)
  if (node === undefined || !('SelectStmt' in node)) return undefined
  const [target, ...more] = node.SelectStmt.targetList ?? []
  return more.length === 0 && target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
}

function firstPlace(tree: unknown): number {
  if (tree === null || typeof tree !== 'object') return Infinity
  return Math.min(...Object.entries(tree).map(([key, value]) => placeIn(key, value)), Infinity)
}

function placeIn(key: string, value: unknown): number {
  if (key === 'location' && typeof value === 'number') return value < 0 ? Infinity : value
  return firstPlace(value)
}

export interface ColumnParts {
  /** Name, type, storage and compression. */
  readonly base: string
  /** COLLATE, DEFAULT, NOT NULL, CHECK ...: each with the attributes (DEFERRABLE ...) that follow it. */
  readonly qualifiers: readonly Qualifier[]
}

export interface Qualifier {
  /** Undefined for COLLATE; with the attributes that follow it taken in, as in a table's constraint. */
  readonly constraint?: Constraint
  readonly text: string
}

/** Cuts the definition of a column, which is the last thing in its statement, into the user's own pieces. */
export function columnParts(source: Source, column: ColumnDef): ColumnParts {
  const starts = qualifierStarts(column)
  const cuts = [...starts.map(({ location }) => tokenAt(source, location)), source.tokens.length]
  const qualifiers = starts.map(({ constraint }, at) => ({
    ...(constraint !== undefined && { constraint }),
    text: textOfTokens(source, cuts[at] ?? 0, cuts[at + 1]),
  }))
  return { base: textOfTokens(source, tokenAt(source, column.location ?? 0), cuts[0]), qualifiers }
}

interface Start {
  readonly location: number
  readonly constraint?: Constraint
}

// The attributes of a constraint are nodes of their own behind it: they stay with it.
function qualifierStarts(column: ColumnDef): readonly Start[] {
  const starts: Start[] = column.collClause === undefined ? [] : [{ location: column.collClause.location ?? 0 }]
  const constraints = (column.constraints ?? []).flatMap((node) => ('Constraint' in node ? [node.Constraint] : []))
  for (const constraint of constraints) {
    const owner = starts.findLastIndex(({ constraint: own }) => own !== undefined)
    const given = starts[owner]?.constraint
    if (constraint.contype?.startsWith('CONSTR_ATTR_') !== true) starts.push({ location: constraint.location ?? 0, constraint })
    else if (given !== undefined)
      starts[owner] = { location: given.location ?? 0, constraint: { ...given, ...attribute(constraint.contype) } }
  }
  return starts.toSorted((a, b) => a.location - b.location)
}

function attribute(kind: ConstrType): Partial<Constraint> {
  if (kind === 'CONSTR_ATTR_DEFERRABLE') return { deferrable: true }
  if (kind === 'CONSTR_ATTR_DEFERRED') return { deferrable: true, initdeferred: true }
  return kind === 'CONSTR_ATTR_NOT_ENFORCED' ? { is_enforced: false } : {}
}

function bytesOf(sql: string, from: number, to: number): string {
  return Buffer.from(sql, 'utf8').toString('utf8', from, to)
}
