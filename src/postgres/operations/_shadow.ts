import type { Catalog, Column, Constraint, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import { valueFor } from '../../model/up-down.ts'
import { clip, nameBytes } from '../../std/object-name.ts'
import { present } from '../../std/present.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { edited } from '../rewrites/_expression.ts'
import { alterTarget, columnOf } from '../rewrites/_target.ts'
import { simulate } from '../simulate.ts'
import { parseOne, sourceOf } from '../source.ts'
import { referenceEdits } from './_copies.ts'
import { typeChanging, type TypeChanging } from './_type-change.ts'
import { whyNotChanged } from './_type-refusals.ts'
import { whyNoTriggers } from './_reshape.ts'

const { name: quoted } = postgresDialect

/** Columns that mean something else to each version, as one operation of a file says it. */
export interface Shadowed {
  /** Canonical name. */
  readonly table: string
  /** As the first of the operation's statements finds it. */
  readonly relation: Relation
  readonly before: Catalog
  /** What the last one leaves. */
  readonly after: Relation
  readonly columns: readonly ShadowColumn[]
  readonly constraints: { readonly gone: readonly Constraint[]; readonly added: readonly Constraint[] }
  /** COMMENT, which the swap makes true. */
  readonly comments: readonly string[]
  readonly takes: number
}

export interface ShadowColumn {
  readonly change: TypeChanging
  /** What the first column holds, by the second ones. */
  readonly down: string
  /** The columns that the two values read. */
  readonly reads: readonly string[]
}

/** The operation whose first statement stands here; undefined where the user says nothing of columns, or adds or drops them. */
export function shadowedAt(judged: readonly Judged<PgNode>[], at: number): Shadowed | undefined {
  const first = judged[at]
  const takes = first?.upDown?.[0]?.covers ?? 0
  const group = judged.slice(at, at + takes)
  const table = group.flatMap((each) => tableOf(each) ?? [])[0]
  if (first === undefined || table === undefined || group.some(comesOrGoes)) return undefined
  const end = group.reduce((catalog, { statement }) => simulate(statement, catalog), first.before)
  const [relation, after] = [first.before.relations.get(table), end.relations.get(table)]
  return relation === undefined || after === undefined ? undefined : shadowedBy({ group, first, table, relation, after })
}

function shadowedBy({ group, first, table, relation, after }: Group): Shadowed {
  const names = [...new Set((first.upDown ?? []).map(({ column }) => column))]
  const gone = without(relation.constraints, after.constraints)
  const place = { group, first, table, relation: lacking(relation, gone), after, names }
  return {
    table,
    relation,
    before: first.before,
    after,
    columns: names.flatMap((name) => columnAt(place, name) ?? []),
    constraints: { gone, added: without(after.constraints, relation.constraints) },
    comments: group.flatMap(({ statement }) => ('CommentStmt' in statement.node ? [statement.sql] : [])),
    takes: group.length,
  }
}

function tableOf({ statement: { node }, before }: Judged<PgNode>): string | undefined {
  return 'AlterTableStmt' in node && node.AlterTableStmt.relation !== undefined
    ? relationKey(node.AlterTableStmt.relation, before)
    : undefined
}

function comesOrGoes(judged: Judged<PgNode>): boolean {
  return alterTarget(judged, 'AT_AddColumn') !== undefined || alterTarget(judged, 'AT_DropColumn') !== undefined
}

function without(these: readonly Constraint[], those: readonly Constraint[]): readonly Constraint[] {
  return these.filter(({ name, kind }) => kind !== 'not-null' && !those.some((other) => other.name === name))
}

/** The table without constraints that go, and without their indexes: nothing is made a second time for them. */
function lacking(relation: Relation, gone: readonly Constraint[]): Relation {
  const names = gone.map(({ name }) => name)
  return {
    ...relation,
    constraints: relation.constraints.filter(({ name }) => !names.includes(name)),
    indexes: relation.indexes.filter(({ constraint }) => constraint === undefined || !names.includes(constraint)),
  }
}

interface Group {
  readonly group: readonly Judged<PgNode>[]
  readonly first: Judged<PgNode>
  readonly table: string
  readonly relation: Relation
  readonly after: Relation
}

interface Place extends Group {
  readonly names: readonly string[]
}

function columnAt(place: Place, name: string): ShadowColumn | undefined {
  const { first, table, relation, after, names } = place
  const [column, wanted] = [columnOf(relation, name), columnOf(after, name)]
  if (column === undefined || wanted === undefined) return undefined
  const [up, down] = [valueFor(first.upDown, 'up', name), valueFor(first.upDown, 'down', name)]
  const value = up?.value ?? assigned(place, name)
  const change: TypeChanging = {
    judged: first,
    table,
    relation,
    column: withDefault(column, wanted),
    wanted,
    shadow: shadowOf(name),
    value,
    ...present({ using: usingOf(value) }),
  }
  const reads = [up, down].flatMap((given) => given?.reads ?? [])
  return { change, down: overShadows(down?.value ?? quoted(name), names), reads: [...reads, name] }
}

/** The column itself, converted as the server does it for a change of type. */
function assigned({ group }: Place, name: string): string {
  const changes = group.flatMap((judged) => typeChanging(judged) ?? [])
  return changes.find(({ using, column }) => using === undefined && column.name === name)?.value ?? quoted(name)
}

function shadowOf(column: string): string {
  return clip(`_lk_new_${column}`, nameBytes)
}

/** What the swap gives the column in the end. */
function withDefault({ default: _own, ...column }: Column, wanted: Column): Column {
  return { ...column, ...(wanted.default !== undefined && { default: wanted.default }) }
}

function usingOf(value: string): PgNode | undefined {
  const node = parseOne(`SELECT ${value}`)
  const target = node !== undefined && 'SelectStmt' in node ? node.SelectStmt.targetList?.[0] : undefined
  return target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
}

/** The expression with the second columns in the place of the first. */
function overShadows(value: string, names: readonly string[]): string {
  const sql = `SELECT ${value}`
  const source = sourceOf({ sql })
  const edits = names.flatMap((from) => referenceEdits(source, { from, to: shadowOf(from) }))
  return edited(sql, ['SELECT '.length, Buffer.byteLength(sql, 'utf8')], edits)
}

/** Why the columns cannot stand twice; the first reason found. */
export function whyNotShadowed({ relation, columns, constraints, table }: Shadowed): string | undefined {
  const names = columns.map(({ change }) => change.column.name)
  const spanning = relation.indexes.find(
    ({ mentions, constraint }) =>
      names.filter((name) => mentions.includes(name)).length > 1 && !constraints.gone.some(({ name }) => name === constraint),
  )
  const tied = relation.constraints.find(
    (one) => names.filter((name) => one.columns.includes(name)).length > 1 && !constraints.gone.includes(one),
  )
  const both = spanning ?? tied
  if (both !== undefined) return `${quoted(both.name)} of ${table} is over several of the columns, each of which would be made anew`
  return whyNoTriggers(relation, names) ?? columns.map(({ change }) => whyNotChanged(change)).find((why) => why !== undefined)
}
