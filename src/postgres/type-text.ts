import { postgresDialect } from './quote.ts'

/**
 * A type as format_type prints it, but with its schema wherever it is not the server's own: format_type leaves it out or not by
 * the search_path. `schema` and `name` are those of the type, or of an array's elements.
 */
export function canonicalType(printed: string, schema: string, name: string): string {
  if (schema === 'pg_catalog') return printed
  return postgresDialect.name(schema, name) + (/(?:\([^()"]*\))?(?:\[\])*$/.exec(printed)?.[0] ?? '')
}
