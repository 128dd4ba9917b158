import type { Row, RunLockHolder } from '../model/session.ts'
import { runSessionNames } from '../model/session.ts'

interface Query {
  query(sql: string, values?: readonly unknown[]): Promise<readonly Row[]>
}

/** One run a database. The two numbers are arbitrary and ours: 'lock' and 'keep' as ASCII. */
const key = [0x6c6f636b, 0x6b656570] as const

/**
 * A session lock, by trying: a waiter in a transaction would hold a snapshot that CREATE INDEX CONCURRENTLY waits for, while
 * itself waiting for the runner that builds the index (users.md, ask 9).
 */
export const runLockSql = `select pg_try_advisory_lock(${key[0]}, ${key[1]}) as locked`

export async function readRunLockHolder(session: Query, ours: readonly number[]): Promise<RunLockHolder | undefined> {
  const [row] = await session.query(
    `select a.pid, a.application_name, coalesce(a.state, '') as state, left(coalesce(a.query, ''), 200) as query,
       not exists (select from pg_stat_activity c where c.datname = current_database() and c.application_name = $1 and not c.pid = any($2::int[])) as orphan
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.classid = ${key[0]} and l.objid = ${key[1]} and l.objsubid = 2
       and l.database = (select oid from pg_database where datname = current_database()) and not l.pid = any($2::int[])`,
    [runSessionNames.control, ours],
  )
  if (row === undefined) return undefined
  return {
    pid: Number(row['pid']),
    application: String(row['application_name']),
    state: String(row['state']),
    query: String(row['query']),
    orphan: row['orphan'] === true,
  }
}
