import type { Catalog } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import { facts } from '../facts.ts'
import { shapeOfText } from '../facts/type-shape.ts'
import { findType, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { alterTarget, onlyAction } from '../rewrites/_target.ts'
import { simulate } from '../simulate.ts'
import { nameParts } from '../tree.ts'
import { typeChanging, type TypeChanging } from './_type-change.ts'

/** A change of type with the statements that only make sense together with it: they run in the same transaction as the swap. */
export interface Surrounded {
  readonly change: TypeChanging
  /** What the first of them finds. */
  readonly start: Catalog
  /** DROP VIEW, DROP DEFAULT */
  readonly first: readonly string[]
  /** SET DEFAULT, CREATE VIEW with its rights and options, the new type under the name of the old one. */
  readonly last: readonly string[]
  readonly takes: number
  /** A key of the column is dropped and added again: the swap keeps it. */
  readonly keepsKey: boolean
}

/** The change that stands here, or behind statements that lead to it. */
export function surrounded(judged: readonly Judged<PgNode>[], at: number): Surrounded | undefined {
  const start = judged[at]?.before
  const position = behindLeading(judged, at)
  const written = typeChanging(judged[position])
  if (start === undefined || written === undefined) return undefined
  const leading = judged.slice(at, position)
  if (!leading.every((each) => leads(each, written))) return undefined
  const last = trailing(judged.slice(position + 1), { change: written, start, leading })
  const [before, after] = [
    leading.filter(({ statement }) => droppedKey(statement, written) === undefined),
    last.filter((each) => !isKey(each)),
  ]
  if (leading.length - before.length !== last.length - after.length) return undefined
  const change = typeChanging(without(judged[position], start, before))
  const takes = leading.length + 1 + last.length
  const keepsKey = before.length < leading.length
  return change === undefined ? undefined : { change, start, first: before.map(textOf), last: after.map(textOf), takes, keepsKey }
}

function behindLeading(judged: readonly Judged<PgNode>[], at: number): number {
  const each = judged[at]
  return each !== undefined && mayLead(each) ? behindLeading(judged, at + 1) : at
}

/** The change as it is where the keys around it were never dropped. */
function without(judged: Judged<PgNode> | undefined, start: Catalog, leading: readonly Judged<PgNode>[]): Judged<PgNode> | undefined {
  if (judged === undefined) return undefined
  const before = leading.reduce((catalog, { statement }) => simulate(statement, catalog), start)
  return { statement: judged.statement, before, facts: facts(judged.statement, before) }
}

function textOf({ statement }: Judged<PgNode>): string {
  return statement.sql
}

function mayLead(judged: Judged<PgNode>): boolean {
  const set = alterTarget(judged, 'AT_ColumnDefault')
  return dropsView(judged) || (set !== undefined && set.action.def === undefined) || alterTarget(judged, 'AT_DropConstraint') !== undefined
}

function leads(judged: Judged<PgNode>, change: TypeChanging): boolean {
  return dropsView(judged) || isDefaultOf(judged, change) || droppedKey(judged.statement, change) !== undefined
}

/** Prisma drops the key of a column, changes the type and adds the key again: the swap keeps it, so that no row comes in without it. */
function droppedKey({ node }: Judged<PgNode>['statement'], { table, judged }: TypeChanging): string | undefined {
  const action = onlyAction(node)
  if (!('AlterTableStmt' in node) || action?.subtype !== 'AT_DropConstraint' || action.behavior === 'DROP_CASCADE') return undefined
  return relationKey(node.AlterTableStmt.relation ?? {}, judged.before) === table ? action.name : undefined
}

function isKey(judged: Judged<PgNode>): boolean {
  return onlyAction(judged.statement.node)?.subtype === 'AT_AddConstraint'
}

/** Whether it adds a key as it was in the beginning. */
function restores({ statement, before }: Judged<PgNode>, { change, start, leading }: Around): boolean {
  const named = leading.flatMap((each) => droppedKey(each.statement, change) ?? [])
  const of = (catalog: Catalog) => catalog.relations.get(change.table)?.constraints ?? []
  const added = of(simulate(statement, before)).filter(({ name }) => of(before).every((own) => own.name !== name))
  const [key] = added
  if (key === undefined || added.length > 1 || !named.includes(key.name)) return false
  const was = of(start).find(({ name }) => name === key.name)
  return (key.kind === 'primary-key' || key.kind === 'unique') && was?.kind === key.kind && was.definition === key.definition
}

function dropsView({ statement: { node } }: Judged<PgNode>): boolean {
  return 'DropStmt' in node && node.DropStmt.removeType === 'OBJECT_VIEW' && node.DropStmt.behavior !== 'DROP_CASCADE'
}

function isDefaultOf(judged: Judged<PgNode>, { table, column }: TypeChanging): boolean {
  const target = alterTarget(judged, 'AT_ColumnDefault')
  return target?.key === table && target.action.name === column.name
}

interface Around {
  readonly change: TypeChanging
  readonly start: Catalog
  readonly leading: readonly Judged<PgNode>[]
}

function trailing(behind: readonly Judged<PgNode>[], around: Around): readonly Judged<PgNode>[] {
  const { change, leading } = around
  const types = new Set([shapeOfText(change.column.type).base, shapeOfText(change.wanted.type).base])
  const views = leading.some(dropsView)
  const belongs = (each: Judged<PgNode>) =>
    isDefaultOf(each, change) || (views && isOfView(each)) || isOfType(each, types) || (isKey(each) && restores(each, around))
  const end = behind.findIndex((each) => !belongs(each))
  return end < 0 ? behind : behind.slice(0, end)
}

function isOfView({ statement: { node }, before }: Judged<PgNode>): boolean {
  if ('ViewStmt' in node) return true
  const range =
    'AlterTableStmt' in node
      ? node.AlterTableStmt.relation
      : 'GrantStmt' in node && node.GrantStmt.targtype === 'ACL_TARGET_OBJECT' && node.GrantStmt.objects?.length === 1
        ? rangeOf(node.GrantStmt.objects[0])
        : undefined
  if ('CommentStmt' in node && node.CommentStmt.objtype === 'OBJECT_VIEW') return true
  return range !== undefined && before.relations.get(relationKey(range, before))?.kind === 'view'
}

function rangeOf(node: PgNode | undefined) {
  return node !== undefined && 'RangeVar' in node ? node.RangeVar : undefined
}

/** ALTER TYPE ... RENAME and DROP TYPE of one of these; what one is renamed to is one of them too. */
function isOfType({ statement: { node }, before }: Judged<PgNode>, types: Set<string>): boolean {
  if ('DropStmt' in node && node.DropStmt.removeType === 'OBJECT_TYPE')
    return (node.DropStmt.objects ?? []).every((object) => types.has(findType(nameParts(object), before)?.key ?? ''))
  if (!('RenameStmt' in node) || node.RenameStmt.renameType !== 'OBJECT_TYPE') return false
  const key = findType(nameParts(node.RenameStmt.object), before)?.key
  if (key === undefined || !types.has(key)) return false
  const schema = key.slice(0, key.lastIndexOf('.'))
  types.add(`${schema}.${postgresDialect.name(node.RenameStmt.newname ?? '')}`)
  return true
}
