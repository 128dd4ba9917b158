import type { Session } from '../model/session.ts'
import type { Reading, ThrottleContext, ThrottleKind } from '../model/throttle.ts'
import { sizeText } from '../std/amounts.ts'
import { present } from '../std/present.ts'
import { durationMs, durationText, sizeBytes } from './_amounts.ts'
import { Positions } from './_positions.ts'
import { readRows } from './_read.ts'
import { limitOf, messageOf } from './_text.ts'

/**
 * The standby that is furthest behind: seconds, and bytes of WAL not replayed. Reads pg_stat_replication on the primary, which tells of other
 * roles' standbys only to pg_read_all_stats (pg_monitor has it); and asks each replica given how far it replayed, which anyone may.
 * Source: manual, 27.2.2 (pg_stat_replication), 9.28.4 (recovery functions); `_positions.ts` says why neither is taken as it is.
 */
export const replicaLag: ThrottleKind = {
  id: 'replica-lag',
  summary: 'a replica is behind by so many seconds, or so many bytes of WAL',
  example: '10s,64MB',
  open(value, context) {
    const limits = limitOf(replicaLag, value, limitsIn)
    const positions = new Positions()
    return { id: replicaLag.id, everyMs: 1_000, read: async () => worst(await readLags(context, positions), limits) }
  },
}

interface Limits {
  readonly ms?: number
  readonly bytes?: number
}

interface Lag {
  readonly name: string
  readonly ms: number
  readonly bytes: number
  /** Why it cannot be seen. */
  readonly unseen?: string
}

function limitsIn(value: string): Limits | undefined {
  const parts = value.split(',')
  const limits = present({ ms: parts.map(durationMs).find(Boolean), bytes: parts.map(sizeBytes).find(Boolean) })
  return Object.keys(limits).length === parts.length ? limits : undefined
}

function worst(lags: readonly Lag[], limits: Limits): Reading {
  const [first] = lags.map((lag) => judge(lag, limits)).toSorted((a, b) => b.load - a.load)
  return first ?? { load: 0, reason: 'no standby replicates from this server' }
}

function judge({ name, ms, bytes, unseen }: Lag, limits: Limits): Reading {
  if (unseen !== undefined) return { load: 1, reason: `${name} ${unseen}` }
  const byTime = ms / (limits.ms ?? Infinity)
  const byBytes = bytes / (limits.bytes ?? Infinity)
  if (byTime >= byBytes && limits.ms !== undefined)
    return { load: byTime, reason: `${name} is ${durationText(ms)} behind (limit ${durationText(limits.ms)})` }
  return { load: byBytes, reason: `${name} is ${sizeText(bytes)} of WAL behind (limit ${sizeText(limits.bytes ?? Infinity)})` }
}

async function readLags(context: ThrottleContext, positions: Positions): Promise<readonly Lag[]> {
  const rows = await readRows(context, primarySql)
  const lsn = rows[0]?.['lsn'] as bigint
  positions.add({ atMs: Number(rows[0]?.['now']), lsn })
  const lagOf = (name: string, replayed: bigint, sayMs: unknown): Lag => {
    return { name, ms: positions.lagMs(replayed, Number(sayMs ?? 0)), bytes: Math.max(0, Number(lsn - replayed)) }
  }
  const standbys = rows
    .filter((row) => row['name'] !== null)
    .map((row) => {
      const name = `standby ${String(row['name'])}`
      return row['hidden'] === true ? unseen(name, hidden(row['role'])) : lagOf(name, row['replayed'] as bigint, row['say'])
    })
  return [...standbys, ...(await Promise.all(context.replicas.map((replica) => readReplica(replica, context.signal, lagOf))))]
}

async function readReplica(
  session: Session,
  signal: AbortSignal,
  lagOf: (name: string, replayed: bigint, sayMs: unknown) => Lag,
): Promise<Lag> {
  const name = `replica ${session.target.host}:${session.target.port}`
  try {
    const [row] = await readRows({ session, signal }, replicaSql)
    if (typeof row?.['replayed'] !== 'bigint') return unseen(name, 'replays no WAL: it is no standby, or no longer')
    return lagOf(name, row['replayed'], row['say'])
  } catch (error) {
    return unseen(name, `cannot be read: ${messageOf(error)}`)
  }
}

function unseen(name: string, why: string): Lag {
  return { name, ms: 0, bytes: 0, unseen: why }
}

function hidden(role: unknown): string {
  return `cannot be seen: role ${String(role)} may not read how far it is (grant pg_monitor to it)`
}

/** At least one row. Who receives WAL but replays none (pg_receivewal, a base backup) is no standby; nor is a logical subscriber. */
const primarySql = `
  select p.lsn, p.now, current_user::text as role, r.*
  from (
    select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::int8 as lsn, (extract(epoch from clock_timestamp()) * 1000)::float8 as now
  ) p
  left join (
    select coalesce(nullif(r.application_name, '') || coalesce(' at ' || host(r.client_addr), ''), 'pid ' || r.pid) as name,
      r.state is null as hidden,
      pg_wal_lsn_diff(r.replay_lsn, '0/0')::int8 as replayed,
      (extract(epoch from r.replay_lag) * 1000)::float8 as say
    from pg_stat_replication r
    where (r.state is null or r.replay_lsn is not null)
      and not exists (select from pg_replication_slots s where s.active_pid = r.pid and s.slot_type = 'logical')
  ) r on true`

/** NULL where nothing is replayed. A primary keeps the last figure of its time as a standby, so it is asked what it is. */
const replicaSql = `
  select case when pg_is_in_recovery() then pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::int8 end as replayed,
    (extract(epoch from clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::float8 as say`
