import type { PartitionBy, Relation } from '../model/catalog.ts'
import { textsOf, type A_Const, type PartitionBoundSpec, type PgNode, type TypeName } from './node.ts'
import { postgresDialect } from './quote.ts'

const { name: quoted, literal } = postgresDialect

/** What an expression of the bound is: a text for a condition, the open end of a range, NULL; undefined where it is no plain constant. */
type BoundValue = { readonly kind: 'constant'; readonly text: string } | { readonly kind: 'open' } | { readonly kind: 'null' }

/**
 * The condition that a table's rows must meet to become a partition with this bound, such that a valid CHECK of it spares the
 * server its read (measured on 13 and 18 for ranges and lists of whole numbers, numeric, text, dates, timestamps, enums, booleans).
 * Undefined where none can be written: a hash, a default partition, a key of an expression or of several columns, computed bounds.
 */
export function boundCondition({ partitionBy, columns }: Relation, bound: PartitionBoundSpec | undefined): string | undefined {
  const [name, ...more] = partitionBy?.columns ?? []
  const column = columns.find((each) => each.name === name)
  if (partitionBy === undefined || bound === undefined || bound.is_default === true || column === undefined || more.length > 0)
    return undefined
  // The server refuses a bound of another kind.
  if (strategies[bound.strategy ?? ''] !== partitionBy.strategy) return undefined
  const read = (nodes: readonly PgNode[] | undefined) => (nodes ?? []).map((node) => valueOf(node, column.type))
  return conditionOf(partitionBy, quoted(column.name), {
    lower: read(bound.lowerdatums),
    upper: read(bound.upperdatums),
    list: read(bound.listdatums),
  })
}

const strategies: { readonly [letter: string]: PartitionBy['strategy'] } = { l: 'list', r: 'range', h: 'hash' }

type Values = readonly (BoundValue | undefined)[]

function conditionOf(
  { strategy }: PartitionBy,
  column: string,
  { lower, upper, list }: { readonly lower: Values; readonly upper: Values; readonly list: Values },
): string | undefined {
  switch (strategy) {
    case 'range':
      return rangeCondition(column, lower[0], upper[0])
    case 'list':
      return listCondition(column, list)
    case 'hash':
      return undefined
  }
}

function rangeCondition(column: string, lower: BoundValue | undefined, upper: BoundValue | undefined): string | undefined {
  if (lower === undefined || upper === undefined) return undefined
  const parts = [
    `${column} IS NOT NULL`,
    ...(lower.kind === 'constant' ? [`${column} >= ${lower.text}`] : []),
    ...(upper.kind === 'constant' ? [`${column} < ${upper.text}`] : []),
  ]
  return parts.join(' AND ')
}

function listCondition(column: string, values: Values): string | undefined {
  if (values.includes(undefined)) return undefined
  const constants = values.flatMap((value) => (value?.kind === 'constant' ? [value.text] : []))
  const isOneOf = `${column} IN (${constants.join(', ')})`
  if (!values.some((value) => value?.kind === 'null')) return `${column} IS NOT NULL AND ${isOneOf}`
  return constants.length === 0 ? `${column} IS NULL` : `${column} IS NULL OR ${isOneOf}`
}

function valueOf(node: PgNode, type: string): BoundValue | undefined {
  if ('ColumnRef' in node) return { kind: 'open' }
  // A cast to the key's own type says no more than the text does; any other may change the value.
  if ('TypeCast' in node)
    return node.TypeCast.arg !== undefined && isOf(node.TypeCast.typeName, type) ? valueOf(node.TypeCast.arg, type) : undefined
  return 'A_Const' in node ? constantOf(node.A_Const) : undefined
}

function constantOf({ isnull, ival, fval, sval, boolval }: A_Const): BoundValue {
  if (isnull === true) return { kind: 'null' }
  if (boolval !== undefined) return { kind: 'constant', text: boolval.boolval === true ? 'true' : 'false' }
  // As text it is read as a value of the column's own type, as the bound is.
  return { kind: 'constant', text: literal(sval?.sval ?? fval?.fval ?? String(ival?.ival ?? 0)) }
}

const otherNames: { readonly [name: string]: string } = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  timestamptz: 'timestamp with time zone',
  timestamp: 'timestamp without time zone',
  bool: 'boolean',
}

function isOf(cast: TypeName | undefined, type: string): boolean {
  const name = textsOf(cast?.names).at(-1) ?? ''
  return cast?.typmods === undefined && (otherNames[name] ?? name) === type
}
