import type { Reading, ThrottleContext, ThrottleKind } from '../model/throttle.ts'
import { durationMs, durationText } from './_amounts.ts'
import { familySql } from './_family.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * Sessions that wait for a lock on the table or one of its partitions, or for a row of it, longer than the limit; ours excluded. Reads pg_locks,
 * which anyone may, at 0.7 ms (docs/pgfacts.md A.7). Since when they wait is in pg_locks from 14 on; on 13 the beginning of the statement
 * stands for it, which is earlier, and which only pg_read_all_stats sees of other roles: without it every wait is too long.
 * Source: manual, 53.12; who waits for a row holds the row's tuple lock, or waits for that (src/backend/access/heap/README.tuplock).
 */
export const lockWaits: ThrottleKind = {
  id: 'lock-waits',
  summary: 'somebody waits for a lock on the table, or for a row of it, for so long',
  example: '100ms',
  open(value, context) {
    const limitMs = limitOf(lockWaits, value, durationMs)
    return { id: lockWaits.id, everyMs: 200, read: () => read(context, limitMs) }
  },
}

async function read(context: ThrottleContext, limitMs: number): Promise<Reading> {
  const since = context.session.server.version >= 14 ? 'coalesce(w.waitstart, clock_timestamp())' : 'a.query_start'
  const ours = [...context.ours(), context.session.pid]
  const [longest] = await readRows(context, waitsSql(since), [context.relation, ours])
  if (longest === undefined) return { load: 0, reason: `nobody waits for ${context.relation}` }
  const { pid, application, target, relation, others, ms } = longest
  const name = String(application) === '' ? `pid ${String(pid)}` : `pid ${String(pid)} (${String(application)})`
  const howLong = ms === null ? 'nobody may see since when' : `for ${durationText(Number(ms))}`
  const more = Number(others) > 0 ? `, and ${String(others)} more` : ''
  return {
    load: ms === null ? 1 : Number(ms) / limitMs,
    reason: `${name} waits for ${String(target)} ${typeof relation === 'string' ? relation : context.relation}, ${howLong}${more} (limit ${durationText(limitMs)})`,
  }
}

/** Workers of ours on other machines are told by their name. A wait for a transaction names no table: it is ours where the waiter has the tuple lock of one of our rows, or waits for us. */
const waitsSql = (since: string): string => `
  with recursive ${familySql},
  waiting as (
    select * from pg_locks w
    where not w.granted and not w.pid = any($2::int[])
      and not exists (select from pg_stat_activity o where o.pid = w.pid and o.application_name like 'lockkeeper%')
      and (w.relation in (select oid from family) and w.database = (select oid from pg_database where datname = current_database())
        or w.locktype = 'transactionid' and (
          exists (select from pg_locks t where t.pid = w.pid and t.locktype = 'tuple' and t.granted and t.relation in (select oid from family)
            and t.database = (select oid from pg_database where datname = current_database()))
          or pg_blocking_pids(w.pid) && $2::int[]))
  )
  select w.pid, coalesce(a.application_name, '') as application,
    case when w.locktype in ('transactionid', 'tuple') then 'a row of' else 'a lock on' end as target, w.relation::regclass::text as relation,
    count(*) over () - 1 as others,
    (extract(epoch from clock_timestamp() - ${since}) * 1000)::float8 as ms
  from waiting w left join pg_stat_activity a on a.pid = w.pid
  order by ms desc nulls first
  limit 1`
