import type { Relation } from '../model/catalog.ts'
import type { UpDownGround } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Judged } from '../model/hazard.ts'
import type { Direction, GivenValue, UpDown } from '../model/up-down.ts'
import { nearest } from '../std/nearest.ts'
import { present } from '../std/present.ts'
import { aggregateIn } from './aggregates.ts'
import { relationKey } from './names.ts'
import { textsOf, type AlterTableCmd, type ColumnRef, type ParamRef, type PgNode, type RangeVar, type SQLValueFunction } from './node.ts'
import { scan } from './parse.ts'
import { postgresDialect } from './quote.ts'
import { edited, whyNotInBatches } from './rewrites/_expression.ts'
import { parseOne, sourceOf, tokenAt, type Source } from './source.ts'
import { alterTarget } from './rewrites/_target.ts'
import { callsIn, columnsIn, nodesTagged } from './tree.ts'

const { name: quoted } = postgresDialect

/** See `Engine.upDown`. */
export function upDown(given: GivenValue, ground: UpDownGround<PgNode>): { judged: Judged<PgNode>; value: UpDown } | undefined {
  const source = expressionOf(given)
  if (given.byVersion === true && isMadeHere(ground)) return undefined
  const touched = touchedIn(given, ground)
  const found = given.name === onlyColumn ? touched[0] : touched.find((one) => isNamed(one, given.name))
  if (found === undefined) throw untouched(given, touched)
  const { judged, table, column } = found
  const relation = judged.before.relations.get(table)
  if (relation === undefined || relation.isNew) return undefined
  const why = whyNot(source, found, { given, relation, ground })
  if (why !== undefined) throw invalid(given, why)
  const { direction, file, line } = given
  const reads = [...new Set(columnsIn(source.node))]
  const value = { direction, column, value: plainText(source, relation), place: `${file}, line ${line}`, reads }
  return { judged, value: { ...value, ...present({ byVersion: given.byVersion, covers: coversOf(given, ground) }) } }
}

const opening = 'SELECT ('

/** The expression as the only thing that a SELECT gives, so that nothing in it closes the parenthesis and goes on behind it. */
function expressionOf(given: GivenValue): Source {
  const sql = `${opening}${given.sql})`
  const node = hasComment(given) ? undefined : parseOne(sql)
  if (node === undefined || !givesOneValue(node)) throw invalid(given, 'it is no SQL expression')
  return sourceOf({ sql })
}

function givesOneValue(node: PgNode): boolean {
  if (!('SelectStmt' in node)) return false
  const { targetList = [], limitOption: _limit, op: _op, ...rest } = node.SelectStmt
  const [target, ...more] = targetList
  const value = target !== undefined && 'ResTarget' in target && target.ResTarget.name === undefined ? target.ResTarget.val : undefined
  return value !== undefined && !isList(value) && more.length === 0 && Object.keys(rest).length === 0
}

// In parentheses `a, b` is a row, and nobody means that.
function isList(value: PgNode): boolean {
  return 'RowExpr' in value && value.RowExpr.row_format === 'COERCE_IMPLICIT_CAST'
}

function hasComment(given: GivenValue): boolean {
  try {
    return scan(given.sql).some(({ kind }) => kind.endsWith('_COMMENT'))
  } catch (error) {
    if (error instanceof LockkeeperError) throw invalid(given, 'it is no SQL expression')
    throw error
  }
}

interface Touched {
  readonly judged: Judged<PgNode>
  /** Canonical name. */
  readonly table: string
  readonly range: RangeVar
  readonly column: string
}

/** Whether the run itself makes the table: then all statements are done as they are written (H16). */
function isMadeHere({ about, start }: UpDownGround<PgNode>): boolean {
  return about.some(({ statement: { node }, before }) => {
    const range = 'AlterTableStmt' in node ? node.AlterTableStmt.relation : undefined
    return range !== undefined && start.relations.get(relationKey(range, before))?.isNew !== false
  })
}

function touchedIn(given: GivenValue, { about }: UpDownGround<PgNode>): readonly Touched[] {
  const touched = about.flatMap((judged) => touchedBy(judged, given.direction))
  const [first] = about
  if (given.byVersion !== true || first === undefined || about.some(comesOrGoes)) return touched
  // Each version has a column of its own: whatever the operation does, it may say what either holds.
  const [range] = about.flatMap(({ statement: { node } }) => ('AlterTableStmt' in node ? (node.AlterTableStmt.relation ?? []) : []))
  if (range === undefined) return touched
  const table = relationKey(range, first.before)
  const relation = first.before.relations.get(table)
  const names = given.name === onlyColumn ? droppedWith(about, relation) : (relation?.columns.map(({ name }) => name) ?? [])
  return names.map((column) => ({ judged: first, table, range, column }))
}

/** Of a constraint that goes: pgroll's drop_constraint does not name it. */
const onlyColumn = '*'

function droppedWith(about: readonly Judged<PgNode>[], relation: Relation | undefined): readonly string[] {
  const dropped = about.flatMap((judged) => alterTarget(judged, 'AT_DropConstraint')?.action.name ?? [])
  const [constraint] = relation?.constraints.filter(({ name }) => dropped.includes(name)) ?? []
  return constraint?.columns.length === 1 ? constraint.columns : []
}

function coversOf(given: GivenValue, { about }: UpDownGround<PgNode>): number | undefined {
  return given.byVersion === true ? about.length : undefined
}

function comesOrGoes({ statement: { node } }: Judged<PgNode>): boolean {
  const kinds = 'AlterTableStmt' in node ? (node.AlterTableStmt.cmds ?? []) : []
  return kinds.some((one) => 'AlterTableCmd' in one && ['AT_AddColumn', 'AT_DropColumn'].includes(one.AlterTableCmd.subtype ?? ''))
}

function touchedBy(judged: Judged<PgNode>, direction: Direction): readonly Touched[] {
  const { node } = judged.statement
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.relation === undefined) return []
  const { relation: range, cmds = [] } = node.AlterTableStmt
  const table = relationKey(range, judged.before)
  return cmds.flatMap((command) =>
    'AlterTableCmd' in command ? columnsOf(command.AlterTableCmd, direction).map((column) => ({ judged, table, range, column })) : [],
  )
}

/** The columns of which an action leaves open what they hold. */
function columnsOf(command: AlterTableCmd, direction: Direction): readonly string[] {
  const { subtype, name = '' } = command
  const byName = direction === 'up' ? ['AT_AlterColumnType', 'AT_SetNotNull'] : ['AT_AlterColumnType', 'AT_DropColumn']
  if (byName.includes(subtype ?? '')) return [name]
  return direction === 'up' ? definedIn(command) : []
}

/** ADD COLUMN, and 18's ADD CONSTRAINT ... NOT NULL. */
function definedIn({ subtype, def }: AlterTableCmd): readonly string[] {
  if (def !== undefined && 'ColumnDef' in def) return subtype === 'AT_AddColumn' ? [def.ColumnDef.colname ?? ''] : []
  const constraint = def !== undefined && 'Constraint' in def ? def.Constraint : undefined
  return subtype === 'AT_AddConstraint' && constraint?.contype === 'CONSTR_NOTNULL' ? textsOf(constraint.keys) : []
}

/** A column, or schema, table and column with dots between them; each as the database spells it, or as SQL does. */
function isNamed({ judged, table, range, column }: Touched, name: string): boolean {
  const relation = judged.before.relations.get(table)
  const known = [relation?.schema ?? range.schemaname ?? '', relation?.name ?? range.relname ?? '', column]
  const parts = name.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []
  return parts.length <= known.length && parts.every((part, at) => isSpelled(part, known[known.length - parts.length + at] ?? ''))
}

function isSpelled(part: string, name: string): boolean {
  if (part.startsWith('"')) return part.slice(1, -1).replaceAll('""', '"') === name
  return part === name || part.toLowerCase() === name
}

function untouched(given: GivenValue, touched: readonly Touched[]): LockkeeperError {
  const { direction, name, above } = given
  const where = above === undefined ? 'no statement of the migration' : 'the statement below it does not'
  const does = direction === 'up' ? 'adds such a column or sets it NOT NULL' : 'drops such a column'
  const what =
    above === undefined ? `${where} ${does}` : `${where} ${does.replace('adds', 'add').replace('sets', 'set').replace('drops', 'drop')}`
  const columns = touched.map(({ column }) => column)
  const meant = nearest(name.split('.').at(-1) ?? name, columns)
  const listed = columns.length === 0 ? '' : ` An ${direction} can be given for ${[...new Set(columns)].join(', ')}.`.replace('An d', 'A d')
  const hint = meant === undefined ? `Name a column, and put the comment above its statement.${listed}` : `Did you mean ${meant}?`
  return invalid(given, what, hint)
}

interface Wanted {
  readonly given: GivenValue
  readonly relation: Relation
  readonly ground: UpDownGround<PgNode>
}

function whyNot(source: Source, { judged, table, column }: Touched, { given, relation, ground }: Wanted): string | undefined {
  const isOwn = given.byVersion === true && !ground.about.some(comesOrGoes)
  const side = (given.direction === 'up' ? ground.start : ground.after).relations.get(table) ?? relation
  const odd = nodesTagged<ColumnRef>('ColumnRef', source.node).find((reference) => !isPlain(reference, relation))
  if (given.sql.includes('{now}')) return 'its text holds {now}, which has a meaning of its own here'
  if (odd !== undefined) return `${textsOf(odd.fields).join('.')} in it is no column of ${table}`
  return (
    columnsIn(source.node)
      .map((name) => whyNotColumn(name, side, { given, column, table, isOwn }))
      .find((why) => why !== undefined) ?? whyNotInSteps(source.node, judged)
  )
}

interface Reader {
  readonly given: GivenValue
  readonly column: string
  readonly table: string
  /** Each version has a column of this name. */
  readonly isOwn: boolean
}

function whyNotColumn(name: string, side: Relation, { given: { direction }, column, table, isOwn }: Reader): string | undefined {
  const read = side.columns.find((each) => each.name === name)
  const when = direction === 'up' ? 'before the migration' : 'after the migration'
  if (read === undefined) return `it reads ${quoted(name)}, and ${table} has no such column ${when}`
  if (read.generated !== undefined) return `it reads ${quoted(name)}, which is generated and has no value yet where a trigger looks`
  return name === column && direction === 'up' && !isOwn ? `it reads ${quoted(name)}, the very column that it is to fill` : undefined
}

/** What is worked out for old rows now, for others by a trigger and for a comparison later must come to the same each time (H7). */
function whyNotInSteps(tree: unknown, { before }: Judged<PgNode>): string | undefined {
  const unlike = callsIn(tree).find((call) => asksAround.has(textsOf(call.funcname).at(-1) ?? ''))
  if (unlike !== undefined || nodesTagged<SQLValueFunction>('SQLValueFunction', tree).length > 0)
    return 'it asks for the time or the session, which are others each time'
  if (nodesTagged<ParamRef>('ParamRef', tree).length > 0) return 'it has a parameter, and nobody gives it a value'
  const why = whyNotInBatches(tree, before, 'where')
  const aggregate = aggregateIn(tree, before)
  return why ?? (aggregate === undefined ? undefined : `it asks other rows (${aggregate})`)
}

/** Stable, and yet not of the row. */
const asksAround: ReadonlySet<string> = new Set(['now', 'transaction_timestamp', 'statement_timestamp', 'current_setting'])

/** `column`, or `table.column` with or without the schema. */
function isPlain({ fields = [] }: ColumnRef, { schema, name }: Relation): boolean {
  const names = textsOf(fields)
  if (names.length !== fields.length || names.length > 3) return false
  return [schema, name].slice(3 - names.length).every((part, at) => names[at] === part)
}

/** A trigger has a row and no table, and a batch may be of one partition. */
function plainText(source: Source, relation: Relation): string {
  const edits = nodesTagged<ColumnRef>('ColumnRef', source.node).flatMap(({ fields = [], location = 0 }) => {
    const at = tokenAt(source, location)
    const [first, last] = [source.tokens[at], source.tokens[at + 2 * (fields.length - 1)]]
    return fields.length > 1 && first !== undefined && last !== undefined && relation.columns.length > 0
      ? [{ start: first.start, end: last.start, text: '' }]
      : []
  })
  return edited(source.sql, [opening.length - 1, Buffer.byteLength(source.sql, 'utf8')], edits)
}

function invalid({ direction, name, file, line }: GivenValue, why: string, hint?: string): LockkeeperError {
  return new LockkeeperError('up-down-invalid', `${file}, line ${line}: the ${direction} of ${name} cannot be used: ${why}.`, {
    ...(hint !== undefined && { hint }),
    details: { file, line },
  })
}
