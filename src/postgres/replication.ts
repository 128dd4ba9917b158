import { LockkeeperError } from '../model/errors.ts'
import type { Row, Target } from '../model/session.ts'

interface Query {
  readonly target: Target
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/** Names of the physical standbys that replicate from this server now. A role without pg_read_all_stats sees only that there is one. */
export async function readStandbys(session: Query): Promise<readonly string[]> {
  const rows = await session.query(`
    select coalesce(nullif(r.application_name, '') || coalesce(' at ' || host(r.client_addr), ''), 'pid ' || r.pid) as name
    from pg_stat_replication r
    where coalesce(r.state, 'streaming') in ('streaming', 'catchup')
      and not exists (select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')
    order by 1`)
  return rows.map((row) => String(row['name']))
}

/** Throws `read-only-server` on a replica, and where transactions are read-only by default. */
export async function refuseReadOnly(session: Query): Promise<void> {
  const [row] = await session.query(`select pg_is_in_recovery() as replica, current_setting('transaction_read_only') = 'on' as "readOnly"`)
  const { database, host } = session.target
  if (row?.['replica'] === true) throw new LockkeeperError('read-only-server', `${host} is a replica: it cannot change ${database}`)
  if (row?.['readOnly'] === true)
    throw new LockkeeperError('read-only-server', `transactions on ${database} are read-only (default_transaction_read_only)`)
}
