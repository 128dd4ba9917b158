import type {
  CodeCommit,
  CodeCommitted,
  CodeOpened,
  CodeTransaction,
  Place,
  ReadRow,
  RowsWanted,
  RowVersion,
} from '../../model/backfill.ts'
import type { StepKey } from '../../model/journal.ts'
import type { Row, ScriptResult, Session } from '../../model/session.ts'
import { sleep } from '../../std/sleep.ts'
import { postgresDialect } from '../quote.ts'
import { finishSql, hotRows, noteCounters, unlessRenamed, walBytes } from './batch.ts'
import { wantedOf } from './rows.ts'
import { isKey, isMine, json, literal, until, wantedNow } from './sql.ts'
import { comeBackMs, target } from './work.ts'

/** The rows as they are now, each with its version. Locks nothing. */
export async function readRows(session: Session, wanted: RowsWanted): Promise<readonly ReadRow[] | undefined> {
  const { work, range, place, order, most, columns, chunk } = wanted
  const names = columns === undefined ? '*' : columns.map((column) => postgresDialect.name(column)).join(', ')
  const sql = `select tableoid::int8::float8 as _lk_table, ctid::text as _lk_ctid, xmin::text as _lk_xmin, ${place} as _lk_place, ${names}
from ${target(wanted)} where ${range} and (${work.where}) order by ${order} limit ${most}`
  const rows = await unlessRenamed(session, chunk, () => session.query(sql, [], { statementTimeoutMs: readLimitMs }))
  return rows?.map(readRowOf)
}

/** A window is sized for some 20 ms of reading. */
const readLimitMs = 30_000

function readRowOf({ _lk_table: table, _lk_ctid: ctid, _lk_xmin: xmin, _lk_place: place, ...values }: Row): ReadRow {
  return { values, version: { table: Number(table), ctid: String(ctid), xmin: String(xmin), place: place as Place } }
}

/**
 * Begins the transaction of a module: locks its chunk, so that nobody takes it over before the commit, and the rows that it was given, all as
 * they were when they were read, or none. It waits for no row while it holds others: it lets go, and looks again a few times.
 */
export async function openCode(session: Session, key: StepKey, transaction: CodeTransaction): Promise<CodeOpened> {
  for (let tries = 1; ; tries += 1) {
    const opened = await openOnce(session, key, transaction).catch(async (error: unknown) => {
      await session.script(['rollback']).catch(() => undefined)
      throw error
    })
    if (opened.kind === 'open') return opened
    await session.script(['rollback'])
    if (opened.kind === 'lost' || tries === mostTries) return opened
    await sleep(betweenMs)
  }
}

const mostTries = 3
const betweenMs = 15

async function openOnce(session: Session, key: StepKey, transaction: CodeTransaction): Promise<CodeOpened> {
  const { limits, work } = transaction
  const message = [
    'begin',
    `set local lock_timeout = ${Math.max(1, Math.ceil(limits.lockTimeoutMs))}`,
    `set local idle_in_transaction_session_timeout = ${Math.ceil(limits.idleMs)}`,
    // txid_current is older than 13's pg_current_xact_id, and says the same.
    `select txid_current()::text as transaction from lockkeeper.backfill_chunk c, lockkeeper.backfill b
where ${isMine(transaction)} and ${isKey(key)} and ${isOurCode(work.hash)} for update of c`,
    noteCounters(transaction.chunk.relationOid),
    ...lockSql(transaction),
  ]
  const results = await unlessRenamed(session, transaction.chunk, () =>
    session.script(message, { statementTimeoutMs: limits.statementTimeoutMs }),
  )
  const row = results?.[lockedAt]?.rows[0]
  if (results === undefined || row === undefined) return { kind: 'lost' }
  const rows = notLocked(transaction.rows, results.slice(lockedAt + 2))
  return rows.length === 0 ? { kind: 'open', transaction: String(row['transaction']) } : { kind: 'moved', rows }
}

const lockedAt = 3

/** Another hash came into the definition: the user mended the code, and other workers go on with that. */
const isOurCode = (hash: string): string => `b.definition #>> '{work,hash}' = ${literal(hash)}`

/** By its place alone: the version is compared with what was read, since a row that was changed meanwhile has another one. */
function lockSql(transaction: CodeTransaction): readonly string[] {
  const tables = new Set(transaction.rows.map(({ table }) => table))
  const ctids = (of: number): string => transaction.rows.flatMap(({ table, ctid }) => (table === of ? [`"${ctid}"`] : [])).join(',')
  return [...tables].map(
    (table) => `select tableoid::int8::float8 as table, ctid::text as ctid, xmin::text as xmin from ${target(transaction)}
where tableoid = ${table} and ctid = any(${literal(`{${ctids(table)}}`)}::tid[]) for no key update skip locked`,
  )
}

function notLocked(rows: readonly RowVersion[], results: readonly ScriptResult[]): readonly RowVersion[] {
  const got = new Set(
    results.flatMap((result) => result.rows.map((row) => `${String(row['table'])} ${String(row['ctid'])} ${String(row['xmin'])}`)),
  )
  return rows.filter(({ table, ctid, xmin }) => !got.has(`${table} ${ctid} ${xmin}`))
}

/** What the module wrote and where the chunk stands commit together. Nothing is open afterwards, whatever it gives or throws. */
export async function commitCode(session: Session, key: StepKey, commit: CodeCommit): Promise<CodeCommitted> {
  const own = commit.transaction === undefined ? ['begin', noteCounters(commit.chunk.relationOid)] : []
  try {
    if (commit.transaction !== undefined && (await transactionOf(session)) !== commit.transaction) {
      await session.script(['rollback'])
      return { kind: 'not-ours' }
    }
    const results = await session.script([...own, moveSql(key, commit), ...(commit.next.finished ? [finishSql(commit)] : [])], {
      statementTimeoutMs: commit.statementTimeoutMs,
    })
    const row = results[own.length]?.rows[0]
    await session.script([row === undefined ? 'rollback' : 'commit'])
    return outcomeOf(row, commit)
  } catch (error) {
    await session.script(['rollback']).catch(() => undefined)
    throw error
  }
}

async function transactionOf(session: Session): Promise<unknown> {
  const [row] = await session.query('select txid_current_if_assigned()::text as transaction')
  return row?.['transaction']
}

function moveSql(key: StepKey, commit: CodeCommit): string {
  const { next, chunk, rows, missed } = commit
  const noted = missed.map((place) => `(${json(place)})`).join(', ')
  return `with still as (${stillSql(commit)}),
seen as (update lockkeeper.backfill b set still = b.still + still.n from still where ${isKey(key)} and still.n > 0),
${
  missed.length === 0
    ? ''
    : `noted as (insert into lockkeeper.backfill_chunk (backfill, relation, up_to, alone, not_before)
  select b.id, ${chunk.relationOid}, place, true, clock_timestamp() + interval '${comeBackMs} ms' from (values ${noted}) as missed (place), lockkeeper.backfill b
  where ${isKey(key)}),
`
}moved as (
  update lockkeeper.backfill_chunk c
  set after = ${json(next.after)}, leased_until = ${until(commit.leaseMs)}, held = null,
    rows = c.rows + ${rows.length}, hot_rows = c.hot_rows + ${hotRows(chunk.relationOid)}, wal_bytes = c.wal_bytes + ${walBytes}, batch_rows = ${rows.length}
  from lockkeeper.backfill b
  where ${isMine(commit)} and ${isKey(key)} and ${isOurCode(commit.work.hash)}
  returning ${hotRows(chunk.relationOid)} as hot, ${walBytes} as wal, ${wantedNow} as wanted)
select moved.*, still.n as still from moved, still`
}

/** Of the rows that it was given: how many match as before. Without a key, only those that it left as they were are known. */
function stillSql(commit: CodeCommit): string {
  const { work, rows, same } = commit
  if (!work.falsifies || rows.length === 0) return 'select 0 as n'
  const byPlace = `(tableoid::int8::float8, ctid) in (${rows.map(({ table, ctid }) => `(${table}::float8, '${ctid}'::tid)`).join(', ')})`
  return `select count(*)::int as n from ${target(commit)} where ${same ?? byPlace} and (${work.where})`
}

function outcomeOf(row: Row | undefined, { rows }: CodeCommit): CodeCommitted {
  if (row === undefined) return { kind: 'lost' }
  return {
    kind: 'done',
    rows: rows.length,
    still: Number(row['still']),
    hotRows: Number(row['hot']),
    walBytes: Number(row['wal']),
    wanted: wantedOf(row['wanted']),
  }
}
