import type { Catalog, Column } from '../../model/catalog.ts'
import { figureColumnName } from '../column-names.ts'
import { findRelation } from '../names.ts'
import { textsOf, type A_Const, type ColumnRef, type JoinExpr, type PgNode, type RangeVar, type SelectStmt } from '../node.ts'
import { typeText } from '../type-text.ts'

/** A table in FROM, by the name under which columns may be qualified. */
interface Source {
  readonly name: string
  readonly columns: readonly Column[]
}

/** Names and types of what a query gives; `unknown` for an expression whose type would need the server's rules. */
export function queryColumns(query: PgNode | undefined, catalog: Catalog): readonly Column[] {
  return query !== undefined && 'SelectStmt' in query ? selectColumns(query.SelectStmt, catalog, []) : []
}

function selectColumns(select: SelectStmt, catalog: Catalog, outer: readonly Source[]): readonly Column[] {
  const tables = [...outer, ...withTables(select, catalog, outer)]
  if (select.larg !== undefined) return selectColumns(select.larg, catalog, tables)
  const [row] = select.valuesLists ?? []
  if (row !== undefined) return valuesColumns(row, catalog)
  const from = (select.fromClause ?? []).flatMap((item) => sourcesOf(item, catalog, tables))
  return (select.targetList ?? []).flatMap((target) => {
    if (!('ResTarget' in target)) return []
    const { name, val } = target.ResTarget
    if (val !== undefined && 'ColumnRef' in val && isStar(val.ColumnRef)) return starColumns(val.ColumnRef, from)
    const found = val === undefined ? undefined : typed(val, from, catalog)
    return [
      { ...(found ?? { type: 'unknown', nullable: true }), name: name ?? figureColumnName(val, catalog.server.version) ?? '?column?' },
    ]
  })
}

function withTables(select: SelectStmt, catalog: Catalog, outer: readonly Source[]): readonly Source[] {
  const tables: Source[] = []
  for (const node of select.withClause?.ctes ?? []) {
    if (!('CommonTableExpr' in node)) continue
    const { ctename = '', ctequery, aliascolnames } = node.CommonTableExpr
    const columns =
      ctequery !== undefined && 'SelectStmt' in ctequery ? selectColumns(ctequery.SelectStmt, catalog, [...outer, ...tables]) : []
    tables.push({ name: ctename, columns: renamed(columns, textsOf(aliascolnames)) })
  }
  return tables
}

/** The columns under other names, as a list of aliases gives them. */
export function renamed(columns: readonly Column[], names: readonly string[]): readonly Column[] {
  return columns.map((column, at) => ({ ...column, name: names[at] ?? column.name }))
}

function valuesColumns(row: PgNode, catalog: Catalog): readonly Column[] {
  const items = 'List' in row ? (row.List.items ?? []) : []
  return items.map((item, at) => ({ ...(typed(item, [], catalog) ?? { type: 'unknown', nullable: true }), name: `column${at + 1}` }))
}

function sourcesOf(item: PgNode, catalog: Catalog, tables: readonly Source[]): readonly Source[] {
  if ('RangeVar' in item) return [tableSource(item.RangeVar, catalog, tables)]
  if ('JoinExpr' in item) return joinSources(item.JoinExpr, catalog, tables)
  if (!('RangeSubselect' in item)) return []
  const { subquery, alias } = item.RangeSubselect
  const columns = subquery !== undefined && 'SelectStmt' in subquery ? selectColumns(subquery.SelectStmt, catalog, tables) : []
  return [{ name: alias?.aliasname ?? '', columns: renamed(columns, textsOf(alias?.colnames)) }]
}

function tableSource(range: RangeVar, catalog: Catalog, tables: readonly Source[]): Source {
  const own = range.schemaname === undefined ? tables.findLast((table) => table.name === range.relname) : undefined
  const columns = (own ?? findRelation(range, catalog))?.columns ?? []
  return { name: range.alias?.aliasname ?? range.relname ?? '', columns: renamed(columns, textsOf(range.alias?.colnames)) }
}

// Columns that are joined by name stand once, in front, for `*`.
function joinSources(join: JoinExpr, catalog: Catalog, tables: readonly Source[]): readonly Source[] {
  const sides = [join.larg, join.rarg].map((side) => (side === undefined ? [] : sourcesOf(side, catalog, tables)))
  const [left = [], right = []] = sides
  const leftNames = left.flatMap((source) => source.columns.map((column) => column.name))
  const shared =
    join.isNatural === true
      ? leftNames.filter((name) => right.some((source) => source.columns.some((column) => column.name === name)))
      : textsOf(join.usingClause)
  if (shared.length === 0) return [...left, ...right]
  const merged = shared.flatMap((name) => left.flatMap((source) => source.columns.filter((column) => column.name === name)).slice(0, 1))
  const rest = [...left, ...right].map((source) => ({
    ...source,
    columns: source.columns.filter((column) => !shared.includes(column.name)),
  }))
  return [{ name: '', columns: merged }, ...rest]
}

function isStar(reference: ColumnRef): boolean {
  return reference.fields?.some((field) => 'A_Star' in field) === true
}

function starColumns(reference: ColumnRef, from: readonly Source[]): readonly Column[] {
  const table = textsOf(reference.fields).at(-1)
  return from.filter((source) => table === undefined || source.name === table).flatMap((source) => source.columns.map(plain))
}

/** What a column has in a result: no default, no NOT NULL. */
function plain({ name, type, collation }: Column): Column {
  return { name, type, nullable: true, ...(collation !== undefined && { collation }) }
}

function typed(node: PgNode, from: readonly Source[], catalog: Catalog): Omit<Column, 'name'> | undefined {
  if ('ColumnRef' in node) {
    const [name, table] = textsOf(node.ColumnRef.fields).toReversed()
    const found = from
      .filter((source) => table === undefined || source.name === table)
      .flatMap((source) => source.columns)
      .find((column) => column.name === name)
    return found === undefined ? undefined : plain(found)
  }
  if ('CollateClause' in node) return node.CollateClause.arg === undefined ? undefined : typed(node.CollateClause.arg, from, catalog)
  const type = typeOf(node, from, catalog)
  return type === undefined ? undefined : { type, nullable: true }
}

function typeOf(node: PgNode, from: readonly Source[], catalog: Catalog): string | undefined {
  if ('TypeCast' in node) return node.TypeCast.typeName === undefined ? undefined : typeText(node.TypeCast.typeName, catalog)
  if ('A_Const' in node) return constantType(node.A_Const)
  if ('FuncCall' in node) return results[textsOf(node.FuncCall.funcname).at(-1) ?? '']
  if ('CoalesceExpr' in node) {
    const [first] = node.CoalesceExpr.args ?? []
    return first === undefined ? undefined : typed(first, from, catalog)?.type
  }
  return isCondition(node) ? 'boolean' : undefined
}

function constantType({ ival, boolval, fval }: A_Const): string {
  if (ival !== undefined) return 'integer'
  if (boolval !== undefined) return 'boolean'
  return fval === undefined ? 'text' : 'numeric'
}

function isCondition(node: PgNode): boolean {
  if ('A_Expr' in node) return /^(=|<>|<|>|<=|>=|~~\*?|!~~\*?)$/.test(textsOf(node.A_Expr.name).join('.'))
  return 'BoolExpr' in node || 'NullTest' in node || 'BooleanTest' in node
}

const results: { readonly [name: string]: string } = {
  count: 'bigint',
  now: 'timestamp with time zone',
  lower: 'text',
  upper: 'text',
  gen_random_uuid: 'uuid',
}
