import type pg from 'pg'

/** Schema and rows of a database as sorted lines of text, so that two can be compared and a difference be read. */
export interface Snapshot {
  readonly schema: readonly string[]
  readonly rows: readonly string[]
}

const visible = `n.nspname NOT IN ('information_schema', 'pg_catalog', 'lockkeeper') AND n.nspname !~ '^pg_'`

const schemaSql = `
  SELECT format('relation %I.%I %s', n.nspname, c.relname, c.relkind) AS line FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind <> 't' AND ${visible}
  UNION ALL
  SELECT format('column %I.%I.%I %s %s %s null=%s %s%s', n.nspname, c.relname, a.attname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod),
      coalesce('default ' || pg_get_expr(d.adbin, d.adrelid), ''), NOT a.attnotnull, a.attidentity::text || a.attgenerated::text, (SELECT ' collate ' || collname FROM pg_collation WHERE oid = a.attcollation))
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'v', 'm') AND ${visible}
  UNION ALL
  SELECT format('constraint %s %I %s valid=%s local=%s index=%s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid), k.convalidated, k.conislocal, nullif(k.conindid, 0)::regclass)
    FROM pg_constraint k JOIN pg_namespace n ON n.oid = k.connamespace WHERE k.contype <> 't' AND ${visible}
  UNION ALL
  SELECT format('index %s valid=%s ready=%s parent=%s', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, (SELECT inhparent::regclass FROM pg_inherits WHERE inhrelid = i.indexrelid))
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${visible}
  UNION ALL
  SELECT format('enum %I.%I %s', n.nspname, t.typname, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e' AND ${visible}`

export interface ColumnName {
  readonly table: string
  readonly column: string
}

/** `volatile` columns count by being filled alone. */
export async function snapshotOf(client: pg.Client, volatile: readonly ColumnName[] = []): Promise<Snapshot> {
  await client.query('SET search_path = pg_catalog')
  const { rows: lines } = await client.query<{ line: string }>(schemaSql)
  const { rows: tables } = await client.query<{ key: string; name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS key, c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') AND ${visible}`,
  )
  const rows: string[] = []
  for (const { key, name } of tables) {
    const columns = volatile.filter(({ table }) => table === name).map(({ column }) => column)
    rows.push(...(await rowsOf(client, key, columns)))
  }
  await client.query('RESET search_path')
  return { schema: lines.map(({ line }) => line).toSorted(), rows: rows.toSorted() }
}

async function rowsOf(client: pg.Client, table: string, volatile: readonly string[]): Promise<readonly string[]> {
  const { rows } = await client.query<{ row: { [column: string]: unknown } }>(`SELECT to_jsonb(t) AS row FROM ${table} t`)
  return rows.map(({ row }) => {
    for (const column of volatile) row[column] = row[column] === null ? null : 'filled'
    return `${table} ${JSON.stringify(row)}`
  })
}
