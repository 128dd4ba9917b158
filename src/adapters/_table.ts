import type { Read } from '../model/adapter.ts'
import type { Dialect } from '../model/dialect.ts'

/** A history table as it stands in the database. */
export interface Table {
  readonly schemaExists: boolean
  /** Its columns in order; empty where there is no such table. */
  readonly columns: readonly string[]
}

const lookUp = `
  SELECT n.nspname AS schema, coalesce((
    SELECT array_agg(a.attname::text ORDER BY a.attnum)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = n.oid AND c.relname = $2 AND c.relkind IN ('r', 'p', 'v') AND a.attnum > 0 AND NOT a.attisdropped
  ), '{}'::text[]) AS columns
  FROM pg_catalog.pg_namespace n
  WHERE n.nspname = $1`

/** Looks a table up in the catalog by its exact names. */
export async function lookUpTable(read: Read, schema: string, table: string): Promise<Table> {
  const [row] = await read(lookUp, [schema, table])
  return { schemaExists: row !== undefined, columns: (row?.['columns'] as readonly string[] | undefined) ?? [] }
}

/** CREATE SCHEMA only where it is missing: with IF NOT EXISTS it still asks for the right to create one. */
export function createSchema(table: Table, dialect: Dialect, schema: string): readonly string[] {
  return table.schemaExists ? [] : [`CREATE SCHEMA ${dialect.name(schema)}`]
}

/** A bigint, however the driver gives it. */
export function asNumber(value: unknown): number {
  return Number(String(value))
}
