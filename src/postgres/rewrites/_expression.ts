import type { Catalog, Relation } from '../../model/catalog.ts'
import { callsIn, constantText, nodesTagged } from '../tree.ts'
import { findFunction } from '../names.ts'
import { postgresDialect } from '../quote.ts'
import {
  textsOf,
  type A_Const,
  type ColumnRef,
  type FuncCall,
  type PgNode,
  type SQLValueFunction,
  type SubLink,
  type TypeCast,
} from '../node.ts'
import { closingOf, tokenAt, type Source } from '../source.ts'

/** A replacement of some bytes of a statement. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** Why an expression must not be worked out batch by batch (H7); undefined where it may. */
export function whyNotInBatches(tree: unknown, catalog: Catalog, part: 'set' | 'where'): string | undefined {
  if (nodesTagged<SubLink>('SubLink', tree).length > 0) return 'it asks other rows (a subquery)'
  if (callsIn(tree).some((call) => call.over !== undefined)) return 'it uses a window function'
  if (hasClockWord(tree)) return "it holds a word such as 'now' or 'today', which means another time in each batch"
  return callsIn(tree)
    .map((call) => whyNotCall(call, catalog, part))
    .find((why) => why !== undefined)
}

function whyNotCall(call: FuncCall, catalog: Catalog, part: 'set' | 'where'): string | undefined {
  const parts = textsOf(call.funcname)
  const name = parts.at(-1) ?? ''
  if (startOfRun.has(name) || (part === 'set' && freshValues.has(name))) return undefined
  const found = findFunction(parts, catalog)
  if (found === undefined) return `nothing is known of the function ${parts.join('.')}`
  const builtIn = found.key.startsWith('pg_catalog.')
  const allowed = builtIn ? ['immutable', 'stable'] : ['immutable']
  if (
    found.overloads.some(({ volatility }) => allowed.includes(volatility)) &&
    (builtIn || found.overloads.every(({ volatility }) => allowed.includes(volatility)))
  )
    return undefined
  return `the function ${found.key} is ${builtIn ? 'volatile' : 'not immutable'}, so a batch may see what another one did`
}

/** All rows get the time at which the run began. */
const startOfRun: ReadonlySet<string> = new Set(['now', 'transaction_timestamp', 'statement_timestamp'])

/** Made anew for each row and looking at none: the result is as good in batches as at once. */
const freshValues: ReadonlySet<string> = new Set([
  'clock_timestamp',
  'gen_random_bytes',
  'gen_random_uuid',
  'nextval',
  'random',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
  'uuidv4',
  'uuidv7',
])

function hasClockWord(tree: unknown): boolean {
  return nodesTagged<TypeCast>('TypeCast', tree).some((cast) =>
    /^(now|today|tomorrow|yesterday)\b/i.test(constantText(cast.arg)?.trim() ?? ''),
  )
}

/** now() and its like as {now}, for which the runner puts the time of its start (H7). Undefined where one has no such form. */
export function clockEdits(source: Source, tree: unknown): readonly Edit[] | undefined {
  const calls = callsIn(tree).filter((call) => startOfRun.has(textsOf(call.funcname).at(-1) ?? ''))
  const edits = [
    ...calls.map((call) => callEdit(source, call)),
    ...nodesTagged<SQLValueFunction>('SQLValueFunction', tree).map((value) => valueEdit(source, value)),
  ]
  return edits.includes('none') ? undefined : edits.flatMap((edit) => (edit === undefined || edit === 'none' ? [] : [edit]))
}

function callEdit(source: Source, call: FuncCall): Edit | 'none' {
  const from = tokenAt(source, call.location ?? 0)
  const open = source.tokens.findIndex((token, index) => index >= from && token.text === '(')
  return edit(source, [from, closingOf(source, open)], '({now})')
}

function valueEdit(source: Source, value: SQLValueFunction): Edit | 'none' | undefined {
  const from = tokenAt(source, value.location ?? 0)
  const text = clockValues.get(value.op ?? '')
  if (text !== undefined) return edit(source, [from, from + 1], text)
  return value.op?.includes('TIME') === true ? 'none' : undefined
}

const clockValues: ReadonlyMap<string, string> = new Map([
  ['SVFOP_CURRENT_TIMESTAMP', '({now})'],
  ['SVFOP_CURRENT_DATE', '({now})::date'],
  ['SVFOP_LOCALTIMESTAMP', '({now})::timestamp'],
  ['SVFOP_CURRENT_TIME', '({now})::timetz'],
  ['SVFOP_LOCALTIME', '({now})::time'],
])

interface Named {
  readonly relation: Relation
  readonly alias: string | undefined
}

/** A batch has no alias: what the alias named is named by the table. And without its schema, since a batch may be of one partition. */
export function aliasEdits(source: Source, tree: unknown, named: Named): readonly Edit[] {
  return nodesTagged<ColumnRef>('ColumnRef', tree).flatMap((reference) => {
    const names = namesToReplace(reference, named)
    const from = tokenAt(source, reference.location ?? 0)
    // Between two names stands a dot.
    const [first, last] = [source.tokens[from], source.tokens[from + 2 * (names - 1)]]
    if (names === 0 || first === undefined || last === undefined) return []
    return [{ start: first.start, end: last.end, text: postgresDialect.name(named.relation.name) }]
  })
}

/** How many of the names in front of a column name its table in a way that a batch does not know. */
function namesToReplace({ fields = [] }: ColumnRef, { relation, alias }: Named): number {
  const [first = ''] = textsOf(fields)
  if (alias === undefined) return fields.length > 2 ? fields.length - 1 : 0
  const isWholeRow = fields.length === 1 && !relation.columns.some(({ name }) => name === first)
  return first === alias && (fields.length > 1 || isWholeRow) ? 1 : 0
}

function edit(source: Source, [from, to]: readonly [number, number], text: string): Edit | 'none' {
  const [first, last] = [source.tokens[from], source.tokens[to - 1]]
  return first === undefined || last === undefined ? 'none' : { start: first.start, end: last.end, text }
}

/** The bytes from one place to another, with the edits that lie between them. */
export function edited(sql: string, [from, to]: readonly [number, number], edits: readonly Edit[]): string {
  const bytes = Buffer.from(sql, 'utf8')
  const inside = edits.filter(({ start, end }) => start >= from && end <= to).toSorted((a, b) => a.start - b.start)
  const ends = [from, ...inside.map(({ end }) => end)]
  return [
    ...inside.map(({ start, text }, at) => bytes.toString('utf8', ends[at], start) + text),
    bytes.toString('utf8', ends.at(-1), to),
  ].join('')
}

/** NULL, through casts. */
export function isNullConstant(node: PgNode | undefined): boolean {
  if (node === undefined) return false
  if ('TypeCast' in node) return isNullConstant(node.TypeCast.arg)
  return 'A_Const' in node && node.A_Const.isnull === true
}

/** Surely a value: a constant, a fresh value or the time. */
export function isNeverNull(node: PgNode | undefined): boolean {
  if (node === undefined) return false
  if ('TypeCast' in node) return isNeverNull(node.TypeCast.arg)
  if ('A_Const' in node) return node.A_Const.isnull !== true
  if ('SQLValueFunction' in node)
    return node.SQLValueFunction.op?.includes('TIME') === true || node.SQLValueFunction.op === 'SVFOP_CURRENT_DATE'
  const name = 'FuncCall' in node ? (textsOf(node.FuncCall.funcname).at(-1) ?? '') : ''
  return startOfRun.has(name) || (freshValues.has(name) && name !== 'gen_random_bytes')
}

/** The constant's value, for telling two apart; undefined for anything that is no plain constant. */
export function constantOf(node: PgNode | undefined): A_Const | undefined {
  if (node === undefined) return undefined
  if ('TypeCast' in node) return constantOf(node.TypeCast.arg)
  return 'A_Const' in node && node.A_Const.isnull !== true ? node.A_Const : undefined
}
