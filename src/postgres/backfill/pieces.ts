import { LockkeeperError } from '../../model/errors.ts'
import type { Session } from '../../model/session.ts'

export interface Piece {
  readonly relationOid: number
  readonly relation: string
  readonly pages: number
}

/**
 * By pages each table below a partitioned one, or one with children, is a piece of its own, since a ctid means nothing above it; by key the
 * table is walked as a whole. Throws `step-failed` for what has no pages (a foreign table among the partitions).
 */
export async function pieces(session: Session, relation: string, how: 'key' | 'pages'): Promise<readonly Piece[]> {
  const rows = await session.query(
    `with recursive tree (oid) as (
  select $1::regclass::oid
  union
  select i.inhrelid from pg_inherits i join tree on i.inhparent = tree.oid where $2 = 'pages'
)
select c.oid::int8::float8 as oid, format('%I.%I', n.nspname, c.relname) as relation, c.relkind::text as kind,
  case when c.relkind in ('r', 'm') then (pg_relation_size(c.oid) / current_setting('block_size')::int)::float8 else 0 end as pages
from tree join pg_class c using (oid) join pg_namespace n on n.oid = c.relnamespace
where $2 = 'key' or c.relkind <> 'p' order by c.oid`,
    [relation, how],
  )
  const foreign = rows.find(({ kind }) => kind === 'f')
  if (how === 'pages' && foreign !== undefined)
    throw new LockkeeperError(
      'step-failed',
      `${relation} has the foreign table ${String(foreign['relation'])} below it, which has no pages to walk`,
      {
        hint: 'Change its rows on the server that holds them, or walk the table by a key.',
      },
    )
  return rows.map((row) => ({ relationOid: Number(row['oid']), relation: String(row['relation']), pages: Number(row['pages']) }))
}
