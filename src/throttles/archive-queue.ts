import type { Row } from '../model/session.ts'
import type { Reading, ThrottleContext, ThrottleKind } from '../model/throttle.ts'
import { count } from './_amounts.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * WAL files that wait for the archiver; one that fails holds whatever their number. Counts pg_ls_archive_statusdir() where the role may
 * (pg_monitor); without that, the segments between the last one archived (pg_stat_archiver, which anyone may read) and the one being written.
 * Source: manual, 9.28.9 and 27.2.10; `.ready` marks a file that waits (src/backend/postmaster/pgarch.c).
 */
export const archiveQueue: ThrottleKind = {
  id: 'archive-queue',
  summary: 'so many WAL files wait to be archived, or archiving fails',
  example: '20',
  open(value, context) {
    const limit = limitOf(archiveQueue, value, count)
    return { id: archiveQueue.id, everyMs: 1_000, read: () => read(context, limit) }
  },
}

async function read(context: ThrottleContext, limit: number): Promise<Reading> {
  const [state] = await readRows(context, archiverSql)
  if (state?.['mode'] === 'off') return { load: 0, reason: 'archive_mode is off' }
  const waiting = await readWaiting(context, state)
  if (waiting === undefined) return { load: 1, reason: unknown(state?.['role']) }
  const wait = `${waiting} WAL files wait to be archived (limit ${limit})`
  if (state?.['failing'] !== true || waiting === 0) return { load: waiting / limit, reason: wait }
  const [file, since] = [String(state['failed_file']), String(state['failed_at'])]
  return { load: Math.max(1, waiting / limit), reason: `archiving fails, the last time at ${since} on ${file}; ${wait}` }
}

async function readWaiting(context: ThrottleContext, state: Row | undefined): Promise<number | undefined> {
  if (state?.['may_look'] !== true) return typeof state?.['behind'] === 'number' ? state['behind'] : undefined
  const [row] = await readRows(context, `select count(*)::int as waiting from pg_ls_archive_statusdir() where name like '%.ready'`)
  return Number(row?.['waiting'])
}

function unknown(role: unknown): string {
  return `the queue cannot be seen: nothing was archived yet, and role ${String(role)} may not list archive_status (grant pg_monitor to it)`
}

/** `behind`: whole segments after the last one archived. The name of a segment is timeline, upper half and segment (xlog_internal.h). */
const archiverSql = `
  select current_setting('archive_mode') as mode, current_user::text as role,
    has_function_privilege('pg_catalog.pg_ls_archive_statusdir()', 'execute') as may_look,
    coalesce(last_failed_time > last_archived_time, last_failed_time is not null) as failing,
    last_failed_wal as failed_file, to_char(last_failed_time, 'HH24:MI:SS') as failed_at,
    case when last_archived_wal ~ '^[0-9A-F]{24}' then greatest(0,
      div(pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0'), size) - 1
        - ('x' || substr(last_archived_wal, 9, 8))::bit(32)::int8 * div(4294967296, size)
        - ('x' || substr(last_archived_wal, 17, 8))::bit(32)::int8
    )::float8 end as behind
  from pg_stat_archiver, (select setting::numeric as size from pg_settings where name = 'wal_segment_size') segment`
