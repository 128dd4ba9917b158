import { LockkeeperError } from '../model/errors.ts'
import type { Dialect } from '../model/dialect.ts'

/** Quotes names and values for PostgreSQL 13 to 18. */
export const postgresDialect: Dialect = { name, literal }

/** Joins the parts by dots, each quoted as the server's quote_ident would; a NUL byte throws `nul-byte`. */
function name(...parts: readonly string[]): string {
  const [first = '', second] = parts
  if (parts.length === 1) return quoteName(first)
  return parts.length === 2 && second !== undefined ? qualified(first, second) : parts.map(quoteName).join('.')
}

// The same few names are quoted again and again while a folder is judged, and compared with themselves: best as the same string.
const quoted = new Map<string, string>()
const inSchemas = new Map<string, Map<string, string>>()
const mostKept = 10_000

function quoteName(part: string): string {
  return kept(quoted, part, () => quote(part))
}

function qualified(schema: string, part: string): string {
  if (inSchemas.size >= mostKept) inSchemas.clear()
  let names = inSchemas.get(schema)
  if (names === undefined) inSchemas.set(schema, (names = new Map()))
  return kept(names, part, () => `${quoteName(schema)}.${quoteName(part)}`)
}

function kept(names: Map<string, string>, key: string, make: () => string): string {
  const known = names.get(key)
  if (known !== undefined) return known
  if (names.size >= mostKept) names.clear()
  const made = make()
  names.set(key, made)
  return made
}

function quote(part: string): string {
  if (part.includes('\0')) throw new LockkeeperError('nul-byte', 'A name holds a NUL byte.')
  if (/^[a-z_][a-z0-9_]*$/.test(part) && !keywords.has(part)) return part
  return `"${part.replaceAll('"', '""')}"`
}

/** SQL text of one value, the same whatever standard_conforming_strings says; NaN, infinities and bad dates throw `internal`. */
function literal(value: string | number | bigint | boolean | null | Date): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return quoteText(value)
  if (value instanceof Date) return dateLiteral(value)
  if (typeof value === 'number' && !Number.isFinite(value)) throw new LockkeeperError('internal', `${value} has no literal.`)
  return String(value)
}

function quoteText(value: string): string {
  if (value.includes('\0')) throw new LockkeeperError('nul-byte', 'A text value holds a NUL byte.')
  const quoted = value.replaceAll("'", "''")
  return quoted.includes('\\') ? `E'${quoted.replaceAll('\\', '\\\\')}'` : `'${quoted}'`
}

// Spelled with keywords, so that no type of the same name in the search_path can take its place.
function dateLiteral(value: Date): string {
  const year = value.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) throw new LockkeeperError('internal', 'A date outside the years 1 to 9999 has no literal.')
  return `TIMESTAMP WITH TIME ZONE '${value.toISOString()}'`
}

// Every word of pg_get_keywords() on 13 to 18 that is not in the category U: what quote_identifier in ruleutils.c quotes.
const keywords: ReadonlySet<string> = new Set(
  `
  all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast char character
  check coalesce collate collation column concurrently constraint create cross current_catalog current_date current_role
  current_schema current_time current_timestamp current_user dec decimal default deferrable desc distinct do else end except exists
  extract false fetch float for foreign freeze from full grant greatest group grouping having ilike in initially inner inout int
  integer intersect interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query
  json_scalar json_serialize json_table json_value lateral leading least left like limit localtime localtimestamp merge_action
  national natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps overlay placing
  position precision primary real references returning right row select session_user setof similar smallint some substring symmetric
  system_user table tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic
  verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot
  xmlserialize xmltable
  `
    .trim()
    .split(/\s+/),
)
