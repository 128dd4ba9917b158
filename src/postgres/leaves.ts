import type { Leaf, Row } from '../model/session.ts'

interface Query {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/** Partitions right below a partitioned table that are no partitioned tables themselves, as of now, oldest first. */
export async function readLeaves(session: Query, relation: string): Promise<readonly Leaf[]> {
  const rows = await session.query(
    `select c.oid::int8::float8 as oid, n.nspname as schema, c.relname as name
     from pg_partition_tree($1::regclass) t join pg_class c on c.oid = t.relid join pg_namespace n on n.oid = c.relnamespace
     where t.isleaf and t.level = 1 and c.relkind = 'r' order by c.oid`,
    [relation],
  )
  return rows.map((row) => ({ oid: Number(row['oid']), schema: String(row['schema']), name: String(row['name']) }))
}

/** Which names something else than an index of this leaf has in the leaf's schema. */
export async function namesTaken(session: Query, leaf: Leaf, names: readonly string[]): Promise<readonly string[]> {
  const rows = await session.query(
    `select c.relname::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_index i on i.indexrelid = c.oid
     where n.nspname = $1 and c.relname::text = any($2::text[]) and i.indrelid is distinct from $3::oid`,
    [leaf.schema, names, leaf.oid],
  )
  return rows.map((row) => String(row['name']))
}
