import type pg from 'pg'

/**
 * Brings each table that has rows to this many, in the image of the rows that it has: what is unique among them stays unique, all
 * else is repeated, so that NULLs, references and partition keys stay as they are meant. Throws where a constraint forbids that.
 */
export async function fillTables(client: pg.Client, rows: number): Promise<void> {
  await client.query(`SET session_replication_role = 'replica'`)
  for (const table of await tablesOf(client)) await fill(client, table, rows)
  await client.query(`SET session_replication_role = 'origin'`)
  for (const name of await materializedViews(client)) await client.query(`REFRESH MATERIALIZED VIEW ${name}`)
  await client.query('VACUUM ANALYZE')
}

interface Table {
  readonly name: string
  readonly columns: readonly Column[]
}

interface Column {
  readonly name: string
  readonly type: string
  /** In a unique index. */
  readonly keyed: boolean
  /** Says which partition a row belongs to. */
  readonly partitioning: boolean
  /** Refers to another table. */
  readonly refers: boolean
}

async function fill(client: pg.Client, { name, columns }: Table, rows: number): Promise<void> {
  const { rows: counted } = await client.query<{ n: number; distinct: readonly number[] }>(
    `SELECT count(*)::int AS n, ARRAY[${columns.map((column) => `count(DISTINCT ${column.name}::text)::int`).join(', ')}] AS distinct FROM ${name}`,
  )
  const { n = 0, distinct = [] } = counted[0] ?? {}
  if (n === 0) return
  const values = columns.map((column, at) => {
    const isUnique = n > 1 && distinct[at] === n && !column.refers
    return isFresh(column, isUnique, columns) ? freshValue(name, column) : `old.${column.name}`
  })
  await client.query(`
    INSERT INTO ${name} (${columns.map((column) => column.name).join(', ')}) OVERRIDING SYSTEM VALUE
    SELECT ${values.join(', ')} FROM generate_series(${n + 1}, ${rows}) i
    JOIN (SELECT row_number() OVER () - 1 AS lk_place, * FROM ${name}) old ON lk_place = i % ${n}`)
}

/** A row keeps its partition where another column can make it unique. */
function isFresh(column: Column, isUnique: boolean, columns: readonly Column[]): boolean {
  if (column.partitioning) return column.keyed && !columns.some((other) => other.keyed && !other.partitioning)
  return column.keyed || isUnique
}

function freshValue(table: string, { name, type }: Column): string {
  if (/^(smallint|integer|bigint|numeric|real|double)/.test(type)) return `(SELECT max(${name}) FROM ${table}) + i`
  if (/^(text|character)/.test(type)) return `(i || '-' || old.${name})::${type}`
  if (type === 'uuid') return 'gen_random_uuid()'
  if (/^(date|timestamp)/.test(type)) return `old.${name} + i * interval '1 second'`
  return `old.${name}`
}

async function tablesOf(client: pg.Client): Promise<readonly Table[]> {
  const { rows } = await client.query<Table>(`
    SELECT c.oid::regclass::text AS name, json_agg(json_build_object(
      'name', quote_ident(a.attname), 'type', format_type(a.atttypid, a.atttypmod),
      'keyed', EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND a.attnum = ANY (i.indkey)),
      'refers', EXISTS (SELECT FROM pg_constraint f WHERE f.conrelid = c.oid AND f.contype = 'f' AND a.attnum = ANY (f.conkey)),
      'partitioning', EXISTS (SELECT FROM pg_inherits h JOIN pg_partitioned_table p ON p.partrelid IN (h.inhparent, h.inhrelid)
        JOIN pg_attribute own ON own.attrelid = p.partrelid AND own.attnum = ANY (p.partattrs)
        WHERE h.inhparent = c.oid AND own.attname = a.attname)
    ) ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname NOT IN ('information_schema', 'pg_catalog') AND n.nspname !~ '^pg_'
    GROUP BY c.oid ORDER BY c.oid`)
  return rows
}

async function materializedViews(client: pg.Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(`SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'm'`)
  return rows.map(({ name }) => name)
}
