import type { Batch, BatchOutcome, Chunk } from '../../model/backfill.ts'
import type { StepKey } from '../../model/journal.ts'
import type { Row, Session } from '../../model/session.ts'
import { codeOf } from '../failures.ts'
import { inStepSetting } from '../in-step.ts'
import { wantedOf } from './rows.ts'
import { isKey, isMine, json, until, wantedNow } from './sql.ts'
import { withAround, workOf } from './work.ts'

/**
 * One transaction, which is one message of several statements: the chunk's row is locked first, so that nobody takes it over before the
 * commit; then the work, and where the chunk stands after it. Whoever lost the lease changes nothing. Throws what the server says: where a
 * limit ended it (55P03, 57014), nothing was changed either.
 */
export async function runBatch(session: Session, key: StepKey, batch: Batch): Promise<BatchOutcome> {
  const message = [
    `set local lock_timeout = ${Math.max(1, Math.ceil(batch.limits.lockTimeoutMs))}`,
    // For this transaction alone: to find the end of the next range may take longer.
    `set local statement_timeout = ${Math.ceil(batch.limits.statementTimeoutMs)}`,
    ...(batch.skipTriggers ? ['set local session_replication_role = replica'] : []),
    ...(batch.work.kind === 'update' && batch.work.inStep === true ? [`set local ${inStepSetting} = 'on'`] : []),
    beginSql(batch),
    changeSql(key, batch),
    ...(batch.next.finished ? [finishSql(batch)] : []),
  ]
  const results = await unlessRenamed(session, batch.chunk, () => session.script(message))
  return results === undefined ? { kind: 'lost' } : outcomeOf(results.at(batch.next.finished ? -2 : -1)?.rows[0] ?? {})
}

/** Undefined where the table was dropped or renamed since it was leased: the next lease knows. Nothing is open then. */
export async function unlessRenamed<T>(session: Session, chunk: Chunk, act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act()
  } catch (error) {
    if (!isNoTable(error)) throw error
    await session.script(['rollback'])
    if (await hasItsName(session, chunk)) throw error
    return undefined
  }
}

/** Of the table or its schema; a trigger's own may be missing too. */
function isNoTable(error: unknown): boolean {
  const code = codeOf(error)
  return code === '42P01' || code === '3F000'
}

async function hasItsName(session: Session, chunk: Chunk): Promise<boolean> {
  const [row] = await session.query('select to_regclass($1)::oid = $2 as same', [chunk.relation, chunk.relationOid])
  return row?.['same'] === true
}

/** Locks the chunk, and notes the counters from which the batch is counted. */
function beginSql(batch: Batch): string {
  return `${noteCounters(batch.chunk.relationOid)}
from lockkeeper.backfill_chunk c where ${isMine(batch)} for update`
}

export function noteCounters(oid: number): string {
  return `select set_config('lockkeeper.wal', pg_current_wal_insert_lsn()::text, true),
  set_config('lockkeeper.hot', ${hotSoFar(oid)}::text, true)`
}

function changeSql(key: StepKey, batch: Batch): string {
  const { next, chunk } = batch
  const parts =
    batch.around === undefined ? [`fits as (select true as ok, 0 as missed)`, workOf(batch)] : withAround(key, batch, batch.around)
  return `with ${parts.join(',\n')},
total as (select count(*)::int as rows, (count(*) filter (where still))::int as still from work),
seen as (update lockkeeper.backfill b set still = b.still + total.still from total where ${isKey(key)} and total.still > 0),
moved as (
  update lockkeeper.backfill_chunk c
  set after = ${json(next.after)}, leased_until = ${until(batch.leaseMs)}, held = null,
    rows = c.rows + total.rows, hot_rows = c.hot_rows + ${hotRows(chunk.relationOid)}, wal_bytes = c.wal_bytes + ${walBytes},
    batch_rows = total.rows, batch_ms = ${workMs}
  from total, lockkeeper.backfill b
  where ${isMine(batch)} and ${isKey(key)} and (select ok from fits)
  returning total.rows, total.still, ${hotRows(chunk.relationOid)} as hot, ${walBytes} as wal, ${workMs} as ms, ${wantedNow} as wanted)
select fits.ok as fits, fits.missed, moved.* from fits left join moved on true`
}

/** The session's own counter of the table, which goes on growing until it is reported; of what lies below the table it knows nothing. */
const hotSoFar = (oid: number): string => `pg_stat_get_xact_tuples_hot_updated(${oid})`
export const hotRows = (oid: number): string => `(${hotSoFar(oid)} - current_setting('lockkeeper.hot')::int8)`
export const walBytes = `pg_wal_lsn_diff(pg_current_wal_insert_lsn(), current_setting('lockkeeper.wal')::pg_lsn)::int8`
const workMs = `(extract(epoch from clock_timestamp() - statement_timestamp()) * 1000)::float8`

export function finishSql(batch: Pick<Batch, 'chunk' | 'next'>): string {
  return `with gone as (
  delete from lockkeeper.backfill_chunk c where ${isMine(batch)} and c.after = ${json(batch.next.after)}
  returning c.backfill, c.rows, c.hot_rows, c.wal_bytes)
update lockkeeper.backfill b
set rows = b.rows + gone.rows, hot_rows = b.hot_rows + gone.hot_rows, wal_bytes = b.wal_bytes + gone.wal_bytes, updated_at = clock_timestamp()
from gone where b.id = gone.backfill`
}

function outcomeOf(row: Row): BatchOutcome {
  if (row['fits'] !== true) return { kind: 'too-many-locked' }
  if (row['rows'] === null || row['rows'] === undefined) return { kind: 'lost' }
  return {
    kind: 'done',
    rows: Number(row['rows']),
    still: Number(row['still']),
    hotRows: Number(row['hot']),
    walBytes: Number(row['wal']),
    missed: Number(row['missed']),
    workMs: Number(row['ms']),
    wanted: wantedOf(row['wanted']),
  }
}
