import type { Catalog } from '../model/catalog.ts'
import { findFunction, qualifiedName } from './names.ts'
import { textsOf, type FuncCall, type JsonArrayAgg, type JsonObjectAgg, type PgNode } from './node.ts'
import { callsIn, nodesTagged } from './tree.ts'

/** The name of an aggregate that is called: one value of many rows. A window function is none. */
export function aggregateIn(tree: unknown, catalog: Catalog): string | undefined {
  const call = callsIn(tree).find((each) => each.over === undefined && isAggregate(each, catalog))
  if (call !== undefined) return `the aggregate ${textsOf(call.funcname).join('.')}`
  const json = nodesTagged<JsonArrayAgg>('JsonArrayAgg', tree).length + nodesTagged<JsonObjectAgg>('JsonObjectAgg', tree).length
  return json > 0 ? 'the aggregate of JSON' : undefined
}

/** A query whose result does not grow with the tables that it reads. */
export function givesFewRows(query: PgNode | undefined, catalog: Catalog): boolean {
  const select = query !== undefined && 'SelectStmt' in query ? query.SelectStmt : {}
  return select.limitCount !== undefined || (select.groupClause === undefined && aggregateIn(select.targetList, catalog) !== undefined)
}

function isAggregate(call: FuncCall, catalog: Catalog): boolean {
  if (call.agg_star === true || call.agg_distinct === true || call.agg_within_group === true) return true
  if (call.agg_order !== undefined || call.agg_filter !== undefined) return true
  const parts = textsOf(call.funcname)
  const found = findFunction(parts, catalog)
  const { name } = qualifiedName(parts)
  if (found === undefined || found.key.startsWith('pg_catalog.')) return aggregates.has(name)
  // The server says so of the aggregates of users, too, and of nothing else that they can make.
  return found.overloads.some(({ language }) => language === 'internal')
}

/** pg_proc.prokind = 'a' in pg_catalog on 13 to 18, without those that need WITHIN GROUP. */
const aggregates: ReadonlySet<string> = new Set(
  `
  any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp every json_agg json_agg_strict
  json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict
  jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min range_agg
  range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop
  stddev_samp string_agg sum var_pop var_samp variance xmlagg
  `
    .trim()
    .split(/\s+/),
)
