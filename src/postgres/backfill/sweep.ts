import type { Fenced, Part } from '../../model/backfill.ts'
import type { StepKey } from '../../model/journal.ts'
import type { Session } from '../../model/session.ts'
import { isKey, json } from './sql.ts'

interface Next {
  readonly end: Fenced
  readonly parts: readonly Omit<Part, 'cut'>[]
}

/** False where somebody else has taken the end of the sweep over. */
export async function nextSweep(session: Session, key: StepKey, { end, parts }: Next): Promise<boolean> {
  const rows = parts.map(({ relationOid, bound }) => `(${relationOid}::oid, ${json(bound)})`)
  const inserted =
    rows.length === 0
      ? []
      : [
          `insert into lockkeeper.backfill_part (backfill, relation, bound, done)
select b.id, part.relation, part.bound, part.bound is null from lockkeeper.backfill b, (values ${rows.join(', ')}) as part (relation, bound)
where ${isKey(key)} and ${hadIt(end)}`,
        ]
  return await asOwner(session, end, [
    `delete from lockkeeper.backfill_part p using lockkeeper.backfill b where ${isKey(key)} and p.backfill = b.id and ${hadIt(end)}`,
    ...inserted,
    `update lockkeeper.backfill b set sweep = b.sweep + 1, still = 0, updated_at = clock_timestamp() where ${isKey(key)} and ${hadIt(end)}`,
  ])
}

export async function finish(session: Session, key: StepKey, end: Fenced): Promise<boolean> {
  return await asOwner(session, end, [
    `delete from lockkeeper.backfill_part p using lockkeeper.backfill b where ${isKey(key)} and p.backfill = b.id and ${hadIt(end)}`,
    `update lockkeeper.backfill b set done = true, updated_at = clock_timestamp() where ${isKey(key)} and ${hadIt(end)}`,
  ])
}

const hadIt = ({ id, fence }: Fenced): string =>
  `exists (select from lockkeeper.backfill_chunk e where e.id = ${id} and e.fence = ${fence})`

/** The row of the end stays locked, so that nobody takes it over meanwhile; it goes last, and says whether we had it. */
async function asOwner(session: Session, { id, fence }: Fenced, acts: readonly string[]): Promise<boolean> {
  const mine = `id = ${id} and fence = ${fence}`
  const results = await session.script([
    `select from lockkeeper.backfill_chunk where ${mine} for update`,
    ...acts,
    `delete from lockkeeper.backfill_chunk where ${mine}`,
  ])
  return results.at(-1)?.count === 1
}
