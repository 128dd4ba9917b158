import type { Catalog, Relation } from '../../model/catalog.ts'
import { findFunction, qualifiedName } from '../names.ts'
import { textsOf, type FuncCall, type PgNode } from '../node.ts'
import { callsIn, columnsIn, conjunctsOf, statementsIn } from '../tree.ts'

export interface Volatility {
  /** The value may differ from row to row, so that each row must be written. */
  readonly volatile: boolean
  /** Where the catalog could not settle it. */
  readonly condition?: string
}

/** Whether an expression may give another value for each row, by the functions that it calls. */
export function volatilityOf(expression: PgNode | undefined, catalog: Catalog): Volatility {
  const calls = callsIn(expression).map((call) => callVolatility(call, catalog))
  return calls.find((call) => call.volatile && call.condition === undefined) ?? calls.find((call) => call.volatile) ?? { volatile: false }
}

function callVolatility(call: FuncCall, catalog: Catalog): Volatility {
  const parts = textsOf(call.funcname)
  const { schema, name } = qualifiedName(parts)
  if (volatileFunctions.has(name) && (schema === undefined || schema === 'pg_catalog')) return { volatile: true }
  const found = schema === 'pg_catalog' ? undefined : findFunction(parts, catalog)
  if (found === undefined) return unknownCall(schema, name, catalog)
  const worst = found.overloads.filter((overload) => overload.volatility === 'volatile')
  // Of the server's own, timezone() is volatile for one rare argument type alone.
  if (worst.length === 0 || (found.key.startsWith('pg_catalog.') && worst.length < found.overloads.length)) return { volatile: false }
  const inlinable = worst.every((overload) => overload.language === 'sql')
  return { volatile: true, ...(inlinable && { condition: `unless ${name}() is inlined and its body calls nothing volatile` }) }
}

function unknownCall(schema: string | undefined, name: string, catalog: Catalog): Volatility {
  if (extensionFunctions.has(name)) return { volatile: true }
  const builtIn = schema === 'pg_catalog' || (schema === undefined && (catalog.knowledge === 'whole' || stableFunctions.has(name)))
  return builtIn ? { volatile: false } : { volatile: true, condition: `unless ${name}() is declared STABLE or IMMUTABLE` }
}

/** True where a valid CHECK of the table proves that the column holds no NULL: `column IS NOT NULL` stands in it as a conjunct. */
export function isProvenNotNull(relation: Relation | undefined, column: string, dropped: ReadonlySet<string>): boolean {
  return (relation?.constraints ?? []).some(
    (constraint) =>
      constraint.kind === 'check' &&
      constraint.valid &&
      !dropped.has(constraint.name) &&
      conjunctsOf(parseExpression(constraint.expression)).some((part) => isNotNullTest(part, column)),
  )
}

function isNotNullTest(node: PgNode, column: string): boolean {
  if (!('NullTest' in node) || node.NullTest.nulltesttype !== 'IS_NOT_NULL') return false
  const { arg } = node.NullTest
  return arg !== undefined && 'ColumnRef' in arg && columnsIn(arg)[0] === column
}

/** The tree of an expression as pg_get_expr prints it; undefined where it cannot be parsed. */
export function parseExpression(text: string): PgNode | undefined {
  const [node] = statementsIn(`SELECT ${text}`)
  const target = node !== undefined && 'SelectStmt' in node ? node.SelectStmt.targetList?.[0] : undefined
  return target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
}

/** pg_proc.provolatile = 'v' in pg_catalog on 13 to 18, without what no default would call (pg_..., lo_..., handlers). */
const volatileFunctions: ReadonlySet<string> = new Set([
  'array_sample',
  'array_shuffle',
  'clock_timestamp',
  'currval',
  'gen_random_uuid',
  'lastval',
  'nextval',
  'pg_sleep',
  'random',
  'random_normal',
  'set_config',
  'setseed',
  'setval',
  'timeofday',
  'uuidv4',
  'uuidv7',
])

/** Volatile functions of pgcrypto and uuid-ossp: CREATE EXTENSION in a migration tells no catalog about them. */
const extensionFunctions: ReadonlySet<string> = new Set([
  'gen_random_bytes',
  'gen_salt',
  'uuid_generate_v1',
  'uuid_generate_v1mc',
  'uuid_generate_v4',
])

/** The server's own functions that defaults commonly call, none of them volatile; only asked where the catalog does not know everything. */
const stableFunctions: ReadonlySet<string> = new Set(
  `age array_append array_fill chr concat concat_ws convert_to current_database current_schema current_setting date date_part date_trunc decode
  encode extract format json_build_array json_build_object jsonb_build_array jsonb_build_object left length localtimestamp lower lpad make_date
  make_interval make_timestamptz md5 now nullif pg_backend_pid quote_literal repeat replace right round sha256 split_part statement_timestamp
  substr substring timezone to_char to_date to_json to_jsonb to_number to_timestamp to_tsvector transaction_timestamp trim txid_current
  txid_current_snapshot upper`.split(/\s+/),
)
