import { query, whoColumns, whoIs, type Before, type Found, type Place } from './sample.ts'

/** Who holds or awaits a lock on a view of the old version: whoever reads through it does, until his transaction ends. */
export async function lookAtViewLocks(place: Place, before: Before<unknown> | undefined): Promise<Found> {
  const rows = await query(place, locksSql, [place.gate.views, place.asked.ours])
  return { seen: rows.map((row) => `${whoIs(row)}, uses ${String(row['view'])}`), compared: before !== undefined, sample: {} }
}

const locksSql = `
select distinct ${whoColumns}, v.name as view
from unnest($1::text[]) as v(name)
join pg_locks l on l.locktype = 'relation' and l.relation = to_regclass(v.name) and l.database = (select oid from pg_database where datname = current_database())
left join pg_stat_activity a on a.pid = l.pid
where l.pid is null or not l.pid = any($2::int[])`
