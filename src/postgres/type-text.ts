import type { Catalog } from '../model/catalog.ts'
import { creationSchema, findType, qualifiedName } from './names.ts'
import { textsOf, type PgNode, type TypeName } from './node.ts'
import { postgresDialect } from './quote.ts'

/**
 * A type as format_type prints it, but with its schema wherever it is not the server's own: format_type leaves it out or not by
 * the search_path. `schema` and `name` are those of the type, or of an array's elements.
 */
export function canonicalType(printed: string, schema: string, name: string): string {
  if (schema === 'pg_catalog') return printed
  return postgresDialect.name(schema, name) + (/(?:\([^()"]*\))?(?:\[\])*$/.exec(printed)?.[0] ?? '')
}

/** The same text for a type in a statement. A name that nothing is known of stands in the schema where it would be created. */
export function typeText(type: TypeName, catalog: Catalog): string {
  const limits = (type.typmods ?? []).map(numberOf).filter((number) => number !== undefined)
  const text =
    serials[textsOf(type.names).join('.')] ?? ownType(type, catalog, limits) ?? serverType(textsOf(type.names).at(-1) ?? '', limits)
  return (type.arrayBounds?.length ?? 0) > 0 ? `${text}[]` : text
}

/** True for serial and its like, which are no types but an integer with a sequence. */
export function isSerial(type: TypeName | undefined): boolean {
  return serials[textsOf(type?.names).join('.')] !== undefined
}

function numberOf(node: PgNode): number | undefined {
  if (!('A_Const' in node)) return undefined
  return node.A_Const.ival === undefined ? undefined : (node.A_Const.ival.ival ?? 0)
}

function ownType(type: TypeName, catalog: Catalog, limits: readonly number[]): string | undefined {
  const { schema, name } = qualifiedName(type.names ?? [])
  if (schema === 'pg_catalog') return undefined
  const found = findType(type.names ?? [], catalog)
  if (found === undefined && schema === undefined && serverTypes.has(name)) return undefined
  const suffix = limits.length > 0 ? `(${limits.join(',')})` : ''
  return (found?.key ?? postgresDialect.name(schema ?? creationSchema(catalog), name)) + suffix
}

function serverType(name: string, limits: readonly number[]): string {
  const [prefix, rest = ''] = (printed[name] ?? postgresDialect.name(name)).split('|')
  return prefix + limitsText(name, limits) + rest
}

function limitsText(name: string, limits: readonly number[]): string {
  if (name === 'interval') return intervalLimits(limits)
  if (limits.length === 0) return ''
  return name === 'numeric' && limits.length === 1 ? `(${limits[0]},0)` : `(${limits.join(',')})`
}

// The first number is a mask of fields (timestamp.h, INTERVAL_MASK), 32767 for all of them.
function intervalLimits([mask, precision]: readonly number[]): string {
  const fields = mask === undefined || mask === 0x7fff ? '' : ` ${intervalFields[mask] ?? ''}`
  return precision === undefined ? fields : `${fields}(${precision})`
}

const intervalFields: { readonly [mask: number]: string } = {
  4: 'year',
  2: 'month',
  8: 'day',
  1024: 'hour',
  2048: 'minute',
  4096: 'second',
  6: 'year to month',
  1032: 'day to hour',
  3080: 'day to minute',
  7176: 'day to second',
  3072: 'hour to minute',
  7168: 'hour to second',
  6144: 'minute to second',
}

const serials: { readonly [name: string]: string } = {
  smallserial: 'smallint',
  serial2: 'smallint',
  serial: 'integer',
  serial4: 'integer',
  bigserial: 'bigint',
  serial8: 'bigint',
}

/** pg_type.typname to what format_type prints, where they differ; limits stand at the bar. */
const printed: { readonly [name: string]: string } = {
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  bool: 'boolean',
  bit: 'bit',
  bpchar: 'character',
  varchar: 'character varying',
  char: '"char"',
  numeric: 'numeric',
  interval: 'interval',
  timestamp: 'timestamp| without time zone',
  timestamptz: 'timestamp| with time zone',
  time: 'time| without time zone',
  timetz: 'time| with time zone',
  varbit: 'bit varying',
}

// pg_type of 18, without arrays and pseudo-types.
const serverTypes: ReadonlySet<string> = new Set(
  `
  aclitem bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8 gtsvector inet int2 int2vector int4
  int4multirange int4range int8 int8multirange int8range interval json jsonb jsonpath line lseg macaddr macaddr8 money name numeric
  nummultirange numrange oid oidvector path pg_lsn pg_snapshot point polygon record refcursor regclass regcollation regconfig
  regdictionary regnamespace regoper regoperator regproc regprocedure regrole regtype text tid time timestamp timestamptz timetz
  tsmultirange tsquery tsrange tstzmultirange tstzrange tsvector txid_snapshot unknown uuid varbit varchar void xid xid8 xml
  `
    .trim()
    .split(/\s+/),
)
