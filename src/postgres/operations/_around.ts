import type { Catalog } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import { shapeOfText } from '../facts/type-shape.ts'
import { findType, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { alterTarget } from '../rewrites/_target.ts'
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
}

/** The change that stands here, or behind statements that lead to it. */
export function surrounded(judged: readonly Judged<PgNode>[], at: number): Surrounded | undefined {
  const start = judged[at]?.before
  const position = judged.findIndex((each, index) => index >= at && !mayLead(each))
  const change = typeChanging(judged[position])
  if (start === undefined || change === undefined) return undefined
  const leading = judged.slice(at, position)
  if (!leading.every((each) => leads(each, change))) return undefined
  const last = trailing(judged.slice(position + 1), change, leading.some(dropsView))
  return { change, start, first: leading.map(textOf), last: last.map(textOf), takes: leading.length + 1 + last.length }
}

function textOf({ statement }: Judged<PgNode>): string {
  return statement.sql
}

function mayLead(judged: Judged<PgNode>): boolean {
  const set = alterTarget(judged, 'AT_ColumnDefault')
  return dropsView(judged) || (set !== undefined && set.action.def === undefined)
}

function leads(judged: Judged<PgNode>, change: TypeChanging): boolean {
  return dropsView(judged) || isDefaultOf(judged, change)
}

function dropsView({ statement: { node } }: Judged<PgNode>): boolean {
  return 'DropStmt' in node && node.DropStmt.removeType === 'OBJECT_VIEW' && node.DropStmt.behavior !== 'DROP_CASCADE'
}

function isDefaultOf(judged: Judged<PgNode>, { table, column }: TypeChanging): boolean {
  const target = alterTarget(judged, 'AT_ColumnDefault')
  return target?.key === table && target.action.name === column.name
}

function trailing(behind: readonly Judged<PgNode>[], change: TypeChanging, views: boolean): readonly Judged<PgNode>[] {
  const types = new Set([shapeOfText(change.column.type).base, shapeOfText(change.wanted.type).base])
  const end = behind.findIndex((each) => !(isDefaultOf(each, change) || (views && isOfView(each)) || isOfType(each, types)))
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
