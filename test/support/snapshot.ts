import type pg from 'pg'
import { describeSchema, type SchemaDescription } from '../../src/postgres/describe.ts'

export interface ColumnName {
  readonly table: string
  readonly column: string
}

/** What users made in the database of this connection. */
export async function schemaOf(client: pg.Client): Promise<SchemaDescription> {
  return await describeSchema(async (sql, values) => (await client.query(sql, [...(values ?? [])])).rows)
}

/** All rows of all tables as sorted lines of text; `volatile` columns count by being filled alone. */
export async function rowsOf(client: pg.Client, volatile: readonly ColumnName[] = []): Promise<readonly string[]> {
  const { rows: tables } = await client.query<{ key: string; name: string }>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS key, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm') AND n.nspname NOT IN ('information_schema', 'pg_catalog', 'lockkeeper') AND n.nspname !~ '^pg_'`)
  const lines: string[] = []
  for (const { key, name } of tables) {
    const columns = volatile.filter(({ table }) => table === name).map(({ column }) => column)
    lines.push(...(await linesOf(client, key, columns)))
  }
  return lines.toSorted()
}

async function linesOf(client: pg.Client, table: string, volatile: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ row: { [column: string]: unknown } }>(`SELECT to_jsonb(t) AS row FROM ${table} t`)
  return rows.map(({ row }) => {
    for (const column of volatile) row[column] = row[column] === null ? null : 'filled'
    return `${table} ${JSON.stringify(row)}`
  })
}
