import type { Chunk, Fenced, Lease, Part, Place, Wanted } from '../../model/backfill.ts'
import { LockkeeperError } from '../../model/errors.ts'
import type { StepKey } from '../../model/journal.ts'
import type { Row, Session } from '../../model/session.ts'
import { chunkOf, partOf, wantedOf } from './rows.ts'
import { isKey, json, literal, nameOf, until, wantedNow } from './sql.ts'

interface Who {
  readonly owner: string
  readonly leaseMs: number
}

/** What a worker may do next: a chunk that waits for somebody, a new one out of the table, or the look at what is left. */
export async function lease(session: Session, key: StepKey, who: Who): Promise<Lease> {
  const [row] = await session.query(
    `select b.id, b.done, b.failure, b.sweep, b.still, ${wantedNow} as wanted from lockkeeper.backfill b where ${isKey(key)}`,
  )
  if (row === undefined) throw new LockkeeperError('backfill-unknown', `the backfill ${key.step} was taken out of the database meanwhile`)
  if (row['done'] === true) return { kind: 'done' }
  if (row['wanted'] === 'cancel') return { kind: 'stopped', failure: typeof row['failure'] === 'string' ? row['failure'] : undefined }
  if (row['wanted'] === 'pause') return { kind: 'paused' }
  const taken = await takeChunk(session, Number(row['id']), who)
  if (taken !== undefined && taken['oid'] === null) return endOf(taken, row)
  if (taken !== undefined) return { kind: 'chunk', chunk: chunkOf(taken) }
  return await holdPart(session, row, who)
}

const chunkColumns = `id, fence, relation::int8::float8 as oid, ${nameOf('backfill_chunk.relation')} as relation, after, up_to, alone`

/**
 * One whose worker is gone, one to come back to, or our own from before a lost connection. A batch that is under way keeps its chunk's row
 * locked, so that it is passed over here.
 */
async function takeChunk(session: Session, backfill: number, { owner, leaseMs }: Who): Promise<Row | undefined> {
  // Of a partition that was dropped meanwhile only the count is left.
  await session.query(
    `with gone as (
  delete from lockkeeper.backfill_chunk c
  where c.backfill = $1 and c.relation is not null and not exists (select from pg_class where oid = c.relation)
  returning c.rows, c.hot_rows, c.wal_bytes),
total as (select sum(rows) as rows, sum(hot_rows) as hot_rows, sum(wal_bytes) as wal_bytes from gone having count(*) > 0)
update lockkeeper.backfill b
set rows = b.rows + total.rows, hot_rows = b.hot_rows + total.hot_rows, wal_bytes = b.wal_bytes + total.wal_bytes
from total where b.id = $1`,
    [backfill],
  )
  const [row] = await session.query(
    `update lockkeeper.backfill_chunk set owner = $2, fence = fence + 1, leased_until = ${until(leaseMs)}, held = null
where id = (select c.id from lockkeeper.backfill_chunk c
  where c.backfill = $1 and (c.leased_until < clock_timestamp() or c.owner = $2) and c.not_before <= clock_timestamp()
  order by c.id for update skip locked limit 1)
returning ${chunkColumns}`,
    [backfill, owner],
  )
  return row
}

function endOf(taken: Row, { sweep, still }: Row): Lease {
  return { kind: 'sweep-done', end: { id: Number(taken['id']), fence: Number(taken['fence']) }, sweep: Number(sweep), still: Number(still) }
}

async function holdPart(session: Session, backfill: Row, who: Who): Promise<Lease> {
  const id = Number(backfill['id'])
  const results = await session.script([
    'begin',
    `select p.relation::int8::float8 as oid, coalesce(${nameOf('p.relation')}, '') as relation, p.cut, p.bound
from lockkeeper.backfill_part p where p.backfill = ${id} and not p.done order by p.relation for update skip locked limit 1`,
  ])
  const row = results.at(-1)?.rows[0]
  if (row !== undefined && row['relation'] !== '') return { kind: 'part', part: partOf(row) }
  // A partition that was dropped meanwhile is done.
  if (row !== undefined)
    await session.script([
      `update lockkeeper.backfill_part set done = true where backfill = ${id} and relation = ${Number(row['oid'])}`,
      'commit',
    ])
  else await session.script(['rollback'])
  return row === undefined ? await takeEnd(session, backfill, who) : { kind: 'wait' }
}

/** The end of the sweep is a chunk of its own, which only one can make: the index sees to it. */
async function takeEnd(session: Session, backfill: Row, { owner, leaseMs }: Who): Promise<Lease> {
  const id = Number(backfill['id'])
  const [row] = await session.query(
    `insert into lockkeeper.backfill_chunk (backfill, owner, leased_until)
select b.id, $2, ${until(leaseMs)} from lockkeeper.backfill b
where b.id = $1 and b.sweep = $3 and not b.done
  and not exists (select from lockkeeper.backfill_part p where p.backfill = b.id and not p.done)
  and not exists (select from lockkeeper.backfill_chunk c where c.backfill = b.id)
on conflict do nothing returning id, fence`,
    [id, owner, Number(backfill['sweep'])],
  )
  return row === undefined ? { kind: 'wait' } : endOf(row, backfill)
}

interface Cut extends Who {
  readonly part: Part
  readonly upTo: Place
}

/** Ends the transaction that `lease` opened with the part. */
export async function cut(session: Session, key: StepKey, { part, upTo, owner, leaseMs }: Cut): Promise<Chunk> {
  const results = await session.script([
    `with cut as (
  update lockkeeper.backfill_part p set cut = ${json(upTo)}, done = (${json(upTo)} = p.bound)
  from lockkeeper.backfill b where ${isKey(key)} and p.backfill = b.id and p.relation = ${part.relationOid} returning p.backfill)
insert into lockkeeper.backfill_chunk (backfill, relation, after, up_to, owner, leased_until)
select backfill, ${part.relationOid}, ${json(part.cut)}, ${json(upTo)}, ${literal(owner)}, ${until(leaseMs)} from cut returning ${chunkColumns}`,
    'commit',
  ])
  const row = results[0]?.rows[0]
  if (row === undefined) throw new LockkeeperError('backfill-unknown', `the backfill ${key.step} was taken out of the database meanwhile`)
  return chunkOf(row)
}

/** Nothing of the part is left to cut; ends the transaction that `lease` opened with it. */
export async function leave(session: Session, key: StepKey, part: Part): Promise<void> {
  await session.script([
    `update lockkeeper.backfill_part p set done = true from lockkeeper.backfill b
where ${isKey(key)} and p.backfill = b.id and p.relation = ${part.relationOid}`,
    'commit',
  ])
}

interface Beat extends Fenced {
  readonly leaseMs: number
  readonly held?: string
}

/** Keeps the lease of a worker that is held back or asks the table. */
export async function beat(
  session: Session,
  key: StepKey,
  { id, fence, leaseMs, held }: Beat,
): Promise<{ readonly kept: boolean; readonly wanted: Wanted }> {
  const [row] = await session.query(
    `with kept as (update lockkeeper.backfill_chunk c set leased_until = ${until(leaseMs)}, held = $3 where c.id = $1 and c.fence = $2 returning 1)
select exists (select from kept) as kept, ${wantedNow} as wanted from lockkeeper.backfill b where ${isKey(key)}`,
    [id, fence, held ?? null],
  )
  return { kept: row?.['kept'] === true, wanted: row === undefined ? 'cancel' : wantedOf(row['wanted']) }
}

export async function release(session: Session, { id, fence }: Fenced): Promise<void> {
  await session.query(
    `update lockkeeper.backfill_chunk c set owner = null, leased_until = '-infinity', held = null where c.id = $1 and c.fence = $2`,
    [id, fence],
  )
}
