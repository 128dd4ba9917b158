import type { Catalog } from '../../model/catalog.ts'
import { findFunction, relationKey } from '../names.ts'
import {
  textsOf,
  type CopyStmt,
  type DeleteStmt,
  type InsertStmt,
  type LockingClause,
  type MergeStmt,
  type PgNode,
  type RangeVar,
  type SelectStmt,
  type UpdateStmt,
} from '../node.ts'
import { sequencesCalled } from './add-column.ts'
import { locksOn, merge, type Effect } from './effect.ts'
import { foreignKeysOf, foreignKeysTo, tablesUnder, withDescendants, withHeap, withPartitions } from './relations.ts'
import { callsIn, columnsIn, conjunctsOf, nodesTagged, relationsIn } from '../tree.ts'

/** A query: ACCESS SHARE on all that it reads (ROW SHARE with FOR UPDATE), and what its own writes in WITH do. */
export function select(statement: SelectStmt, catalog: Catalog): Effect {
  const locking = nodesTagged<LockingClause>('LockingClause', statement).length > 0
  return merge(reads(statement, locking ? 'ROW SHARE' : 'ACCESS SHARE', catalog), nestedWrites(statement, catalog))
}

/** What a query reads, through views too, and the sequences and unknown functions that it calls. */
export function reads(query: unknown, mode: 'ACCESS SHARE' | 'ROW SHARE', catalog: Catalog): Effect {
  const named = relationsIn(query, catalog).filter((key) => !key.startsWith('pg_catalog.') && !key.startsWith('information_schema.'))
  const all = named.flatMap((key) => [
    ...withDescendants(key, catalog),
    ...(catalog.relations.get(key)?.kind === 'view' ? tablesUnder(key, catalog).flatMap((table) => withDescendants(table, catalog)) : []),
  ])
  const scanned = all.filter((key) => !isPinned(conditionOf(query), key, catalog))
  return merge(locksOn(mode, all), { scans: withHeap(scanned, catalog) }, sequencesCalled(query, catalog), opaqueCalls(query, catalog))
}

function conditionOf(query: unknown): PgNode | undefined {
  if (query === null || typeof query !== 'object') return undefined
  if ('selectStmt' in query) return conditionOf((query.selectStmt as { readonly SelectStmt?: SelectStmt } | undefined)?.SelectStmt)
  return 'whereClause' in query ? (query.whereClause as PgNode) : undefined
}

// A volatile function of the user's may do anything.
function opaqueCalls(query: unknown, catalog: Catalog): Effect {
  const opaque = callsIn(query).flatMap((call) => {
    const found = findFunction(textsOf(call.funcname), catalog)
    const own =
      found !== undefined &&
      !found.key.startsWith('pg_catalog.') &&
      found.overloads.some(
        (overload) => overload.volatility === 'volatile' && overload.language !== 'c' && overload.language !== 'internal',
      )
    return own ? [`what ${found.key}() does is not looked into`] : []
  })
  return { conditions: opaque }
}

function nestedWrites(query: unknown, catalog: Catalog): Effect {
  return merge(
    ...nodesTagged<InsertStmt>('InsertStmt', query).map((statement) => insert(statement, catalog)),
    ...nodesTagged<UpdateStmt>('UpdateStmt', query).map((statement) => update(statement, catalog)),
    ...nodesTagged<DeleteStmt>('DeleteStmt', query).map((statement) => remove(statement, catalog)),
  )
}

export function insert(statement: InsertStmt, catalog: Catalog): Effect {
  const key = relationKey(statement.relation ?? {}, catalog)
  const columns = textsOf(
    (statement.cols ?? []).flatMap((node) => ('ResTarget' in node ? [{ String: { sval: node.ResTarget.name ?? '' } }] : [])),
  )
  return merge(
    locksOn('ROW EXCLUSIVE', withPartitions(key, catalog)),
    parentRows(key, columns, catalog),
    reads({ ...statement, relation: undefined }, 'ACCESS SHARE', catalog),
    nestedWrites(statement.withClause, catalog),
  )
}

export function update(statement: UpdateStmt, catalog: Catalog): Effect {
  const key = relationKey(statement.relation ?? {}, catalog)
  const set = (statement.targetList ?? []).flatMap((node) => ('ResTarget' in node ? [node.ResTarget.name ?? ''] : []))
  return merge(
    target(statement.relation, statement.whereClause, catalog),
    parentRows(key, set, catalog),
    childRows(key, set, catalog),
    others(statement, catalog),
    nestedWrites(statement.withClause, catalog),
  )
}

export function remove(statement: DeleteStmt, catalog: Catalog): Effect {
  const key = relationKey(statement.relation ?? {}, catalog)
  return merge(
    target(statement.relation, statement.whereClause, catalog),
    childRows(key, 'deleted', catalog),
    others(statement, catalog),
    nestedWrites(statement.withClause, catalog),
  )
}

export function mergeInto(statement: MergeStmt, catalog: Catalog): Effect {
  return merge(target(statement.relation, undefined, catalog), reads({ ...statement, relation: undefined }, 'ACCESS SHARE', catalog))
}

export function copy(statement: CopyStmt, catalog: Catalog): Effect {
  if (statement.relation === undefined) return reads(statement.query, 'ACCESS SHARE', catalog)
  const key = relationKey(statement.relation, catalog)
  if (statement.is_from !== true) return merge(locksOn('ACCESS SHARE', [key]), { scans: withHeap([key], catalog) })
  return merge(locksOn('ROW EXCLUSIVE', withPartitions(key, catalog)), parentRows(key, [], catalog))
}

/** The table that is changed, read from end to end unless a key or an index pins the rows. */
function target(range: RangeVar | undefined, where: PgNode | undefined, catalog: Catalog): Effect {
  const key = relationKey(range ?? {}, catalog)
  const tables = range?.inh === true ? withDescendants(key, catalog) : [key]
  return merge(locksOn('ROW EXCLUSIVE', tables), { scans: withHeap(tables, catalog).filter((table) => !isPinned(where, table, catalog)) })
}

function others(statement: UpdateStmt | DeleteStmt, catalog: Catalog): Effect {
  return reads({ ...statement, relation: undefined, withClause: undefined }, 'ACCESS SHARE', catalog)
}

/** True where the condition compares the first column of an index with a value. */
function isPinned(where: PgNode | undefined, key: string, catalog: Catalog): boolean {
  const leading = new Set(
    (catalog.relations.get(key)?.indexes ?? []).filter((index) => index.valid && !index.partial).map((index) => index.columns[0]),
  )
  return conjunctsOf(where).some((node) => {
    if (
      !('A_Expr' in node) ||
      !['AEXPR_OP', 'AEXPR_IN', 'AEXPR_OP_ANY'].includes(node.A_Expr.kind ?? '') ||
      textsOf(node.A_Expr.name).at(-1) !== '='
    )
      return false
    const left = columnsIn(node.A_Expr.lexpr)
    return left.length === 1 && leading.has(left[0]) && columnsIn(node.A_Expr.rexpr).length === 0
  })
}

/** Each new value of a foreign key is looked up in the parent, under ROW SHARE. No columns named: all of them. */
function parentRows(key: string, columns: readonly string[], catalog: Catalog): Effect {
  const keys = foreignKeysOf(catalog.relations.get(key)).filter(
    (foreignKey) => columns.length === 0 || foreignKey.columns.some((column) => columns.includes(column)),
  )
  return locksOn(
    'ROW SHARE',
    keys.map((foreignKey) => foreignKey.references),
  )
}

/** Rows that refer to a deleted one (or to a changed key) are looked for, and with CASCADE or SET NULL changed. */
function childRows(key: string, set: readonly string[] | 'deleted', catalog: Catalog): Effect {
  const changes = set === 'deleted' ? / ON DELETE (CASCADE|SET)/ : / ON UPDATE (CASCADE|SET)/
  const children = foreignKeysTo(key, catalog).filter(
    ({ foreignKey }) => set === 'deleted' || foreignKey.referencedColumns.some((column) => set.includes(column)),
  )
  return merge(
    ...children.map(({ from, foreignKey }) => locksOn(changes.test(foreignKey.definition) ? 'ROW EXCLUSIVE' : 'ROW SHARE', [from])),
  )
}
