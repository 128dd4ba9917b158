import type { Blocker } from '../model/event.ts'
import type { LockMode, TableLock } from '../model/facts.ts'
import type { Row } from '../model/session.ts'
import { conflictingModes } from './lock-modes.ts'
import { withoutSecrets } from './secrets.ts'

interface Query {
  readonly server: { readonly version: number }
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/**
 * Who holds or awaits a lock that conflicts with one of `locks`: sessions, prepared transactions (no pid) and autovacuum.
 * Reads pg_locks once (0.7 ms, pgfacts.md A.7) and takes no lock itself.
 */
export async function readBlockers(session: Query, locks: readonly TableLock[], ours: readonly number[]): Promise<readonly Blocker[]> {
  if (locks.length === 0) return []
  const rows = await session.query(blockersSql, [
    locks.map((lock) => lock.relation),
    locks.map((lock) => conflictingModes(lock.mode).map(pgLocksName).join(',')),
    ours,
  ])
  return rows.map(toBlocker)
}

/**
 * Who holds a snapshot that CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY and the like would wait for: any backend of
 * this database with backend_xmin, vacuum excepted (pgfacts.md A.6 j). Oldest first.
 */
export async function readOlderSnapshots(session: Query, ours: readonly number[]): Promise<readonly Blocker[]> {
  const rows = await session.query(
    `select ${activityColumns}, '' as relation, 'snapshot' as mode, true as granted, coalesce(l.virtualtransaction, '') as transaction
     from pg_stat_activity a left join pg_locks l on l.pid = a.pid and l.locktype = 'virtualxid' and l.granted
     where a.datname = current_database() and a.backend_xmin is not null and not a.pid = any($1::int[])
       and a.backend_type = 'client backend'
     order by a.xact_start`,
    [ours],
  )
  return rows.map(toBlocker)
}

/** Whether a backend waits for a lock now, and for whom. */
export async function readWaits(
  session: Query,
  pid: number,
): Promise<{ readonly waiting: boolean; readonly blockers: readonly Blocker[] }> {
  const rows = await session.query(
    `select ${activityColumns}, coalesce(l.relation::regclass::text, '') as relation,
       case when l.locktype = 'relation' then l.mode else 'snapshot' end as mode, true as granted, '' as transaction
     from unnest(pg_blocking_pids($1)) as b(pid) left join pg_stat_activity a on a.pid = b.pid
     left join lateral (select relation, mode, locktype from pg_locks where pid = $1 and not granted limit 1) l on true`,
    [pid],
  )
  return { waiting: rows.length > 0, blockers: rows.map(toBlocker) }
}

const activityColumns = `a.pid, coalesce(a.application_name, '') as application, coalesce(a.usename::text, '') as username, coalesce(a.state, a.backend_type, '') as state,
  extract(epoch from clock_timestamp() - a.xact_start) * 1000 as age, left(coalesce(a.query, ''), 400) as query,
  a.backend_type = 'autovacuum worker' and a.query not like '%(to prevent wraparound)%' as yields`

const blockersSql = `
with wanted as (
  select to_regclass(w.relation) as oid, w.relation, string_to_array(w.modes, ',') as modes from unnest($1::text[], $2::text[]) as w(relation, modes)
)
select l.pid, coalesce(a.application_name, '') as application, coalesce(a.usename::text, p.owner::text, '') as username,
  case when p.gid is not null then 'prepared transaction' else coalesce(a.state, a.backend_type, '') end as state,
  extract(epoch from clock_timestamp() - coalesce(p.prepared, a.xact_start)) * 1000 as age,
  left(coalesce(a.query, p.gid, ''), 400) as query, w.relation, l.mode, l.granted, l.virtualtransaction as transaction,
  coalesce(a.backend_type = 'autovacuum worker' and a.query not like '%(to prevent wraparound)%', false) as yields
from wanted w
join pg_locks l on l.locktype = 'relation' and l.relation = w.oid and l.mode = any(w.modes)
  and l.database = (select oid from pg_database where datname = current_database())
left join pg_stat_activity a on a.pid = l.pid
left join pg_locks x on l.pid is null and x.pid is null and x.locktype = 'transactionid' and x.virtualtransaction = l.virtualtransaction
left join pg_prepared_xacts p on p.transaction = x.transactionid
where l.pid is null or not l.pid = any($3::int[])
order by age desc nulls last`

/** `ACCESS SHARE` -> `AccessShareLock`, as pg_locks spells it. */
function pgLocksName(mode: LockMode): string {
  return `${mode.toLowerCase().replace(/(?:^| )(\w)/g, (_, letter: string) => letter.toUpperCase())}Lock`
}

function toBlocker(row: Row): Blocker {
  return {
    pid: row['pid'] === null ? null : Number(row['pid']),
    application: String(row['application']),
    user: String(row['username']),
    state: String(row['state']),
    transactionAgeMs: row['age'] === null ? undefined : Math.max(0, Math.round(Number(row['age']))),
    transaction: String(row['transaction']),
    relation: String(row['relation']),
    mode: String(row['mode']),
    query: withoutSecrets(String(row['query'])).slice(0, 200),
    granted: row['granted'] === true,
    yields: row['yields'] === true,
  }
}
