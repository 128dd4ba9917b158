import type { Catalog, Index } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import { findIndex } from './names.ts'
import { textsOf, type AlterTableCmd, type IndexStmt, type PgNode, type ReindexStmt } from './node.ts'

/** What building it costs hangs on its keys: of fixed length, compared by a collation or computed, or not a btree at all. */
export type IndexShape = 'fixed' | 'text' | 'other'

interface Whole {
  readonly judged: Judged<PgNode>
  readonly parts: readonly Judged<PgNode>[]
}

/** The indexes that a statement builds on one table: those it adds, and where the table is written anew all that are there. */
export function buildsOn(table: string, { judged, parts }: Whole): readonly IndexShape[] {
  if (!judged.facts.builds.includes(table)) return []
  const existing = judged.before.relations.get(table)?.indexes ?? []
  const added = parts.filter(({ facts }) => facts.builds.includes(table)).flatMap((part) => addedBy(part, table))
  const all = judged.facts.rewrites.includes(table) ? [...existing.map((index) => shapeOf(index, table, judged.before)), ...added] : added
  return all.length === 0 ? ['text'] : all
}

function addedBy({ statement: { node }, facts, before }: Judged<PgNode>, table: string): readonly IndexShape[] {
  if ('IndexStmt' in node) return [shapeOfNew(node.IndexStmt, table, before)]
  if ('ReindexStmt' in node) return reindexed(node.ReindexStmt, table, before)
  if (!('AlterTableStmt' in node)) return []
  const commands = (node.AlterTableStmt.cmds ?? []).flatMap((each) => ('AlterTableCmd' in each ? [each.AlterTableCmd] : []))
  return commands.flatMap((command) => altered(command, { table, catalog: before, rewritten: facts.rewrites.includes(table) }))
}

function shapeOfNew({ accessMethod, indexParams }: IndexStmt, table: string, catalog: Catalog): IndexShape {
  const columns = (indexParams ?? []).map((node) => ('IndexElem' in node ? node.IndexElem.name : undefined))
  return shapeOf({ method: accessMethod ?? 'btree', columns }, table, catalog)
}

function reindexed({ kind, relation }: ReindexStmt, table: string, catalog: Catalog): readonly IndexShape[] {
  const only = kind === 'REINDEX_OBJECT_INDEX' ? findIndex(relation ?? {}, catalog) : undefined
  const all = catalog.relations.get(table)?.indexes ?? []
  return all.filter((index) => only?.relation !== table || only.name === index.name).map((index) => shapeOf(index, table, catalog))
}

interface Place {
  readonly table: string
  readonly catalog: Catalog
  readonly rewritten: boolean
}

/** A key of a new constraint; a type change that keeps the heap builds the indexes anew that mention the column. */
function altered({ subtype, name, def }: AlterTableCmd, { table, catalog, rewritten }: Place): readonly IndexShape[] {
  if (subtype === 'AT_AddConstraint' && def !== undefined && 'Constraint' in def) {
    const { contype, keys, access_method: method } = def.Constraint
    if (contype === 'CONSTR_EXCLUSION') return [method === 'btree' ? 'text' : 'other']
    return [shapeOf({ method: 'btree', columns: textsOf(keys) }, table, catalog)]
  }
  if (subtype === 'AT_AddColumn') return addsKey(def) ? ['text'] : []
  if (subtype !== 'AT_AlterColumnType' || rewritten) return []
  const mentioning = (catalog.relations.get(table)?.indexes ?? []).filter((index) => index.mentions.includes(name ?? ''))
  return mentioning.map((index) => shapeOf(index, table, catalog))
}

function addsKey(definition: PgNode | undefined): boolean {
  if (definition === undefined || !('ColumnDef' in definition)) return false
  return (definition.ColumnDef.constraints ?? []).some(
    (node) => 'Constraint' in node && ['CONSTR_UNIQUE', 'CONSTR_PRIMARY'].includes(node.Constraint.contype ?? ''),
  )
}

const fixedTypes = /^(smallint|integer|bigint|real|double precision|date|time|timestamp|uuid|boolean|oid|"char"|inet|macaddr)/

function shapeOf({ method, columns }: Pick<Index, 'method' | 'columns'>, table: string, catalog: Catalog): IndexShape {
  if (method !== 'btree') return 'other'
  const known = catalog.relations.get(table)?.columns ?? []
  return columns.every((name) => fixedTypes.test(known.find((column) => column.name === name)?.type ?? '')) ? 'fixed' : 'text'
}
