import type { Batch } from '../../model/backfill.ts'
import { LockkeeperError } from '../../model/errors.ts'
import type { StepKey } from '../../model/journal.ts'
import type { Work } from '../../model/plan.ts'
import { isKey, isMine } from './sql.ts'

/** The work of a batch as a CTE `work`, which gives a row { still } for each row changed. */
export function workOf(batch: Batch): string {
  const { work, range } = batch
  const where = `${range} and (${work.where}) and ${leased(batch)}`
  switch (work.kind) {
    case 'update':
      return `work as (update ${target(batch)} set ${work.set} where ${where} returning ${stillOf(work)} as still)`
    case 'delete':
      return `work as (delete from ${target(batch)} where ${where} returning false as still)`
    case 'insert':
      return `work as (${work.into} select ${work.select} from ${target(batch)} where ${where} ${work.conflict} returning false as still)`
    case 'code':
      throw new LockkeeperError('internal', 'work that is code has no SQL')
  }
}

/** Work that is done once for each row whatever it leaves is not asked whether it made a row any better. */
const stillOf = ({ falsifies, where }: Work): string => (falsifies ? `(${where})` : 'false')

type Around = NonNullable<Batch['around']>

/**
 * The same for the rows that nobody has locked, and a note for each place where somebody has; where these are too many, nothing at all
 * (`fits` is false). FOR UPDATE, since a change of a key waits for those who hold it FOR KEY SHARE. All is of one snapshot: each row that
 * matches in it is either changed or noted.
 */
export function withAround(key: StepKey, batch: Batch, { place, most, mostInAll }: Around): readonly string[] {
  const where = `${batch.range} and (${batch.work.where}) and ${leased(batch)}`
  return [
    `got as materialized (select ctid as _lk_ctid, tableoid as _lk_table from ${target(batch)} where ${where} for update skip locked)`,
    `missed as materialized (select distinct ${place} as place from ${target(batch)}
  where ${where} and not exists (select from got where _lk_ctid = ctid and _lk_table = tableoid) limit ${most + 1})`,
    `noted_before as (select c.id from lockkeeper.backfill_chunk c join lockkeeper.backfill b on b.id = c.backfill
  where ${isKey(key)} and c.alone and c.id <> ${batch.chunk.id} limit ${mostInAll})`,
    `fits as (select count(*) = 0 or count(*) <= ${most} and count(*) + (select count(*) from noted_before) <= ${mostInAll} as ok,
  count(*)::int as missed from missed)`,
    changeOfGot(batch),
    `noted as (insert into lockkeeper.backfill_chunk (backfill, relation, up_to, alone, not_before)
  select b.id, ${batch.chunk.relationOid}, place, true, clock_timestamp() + interval '${comeBackMs} ms' from missed, lockkeeper.backfill b
  where ${isKey(key)} and (select ok from fits))`,
  ]
}

/** Long enough that most transactions of an application have ended, short enough that the end of a backfill does not wait for it. */
export const comeBackMs = 500

function changeOfGot(batch: Batch): string {
  const { work } = batch
  const alias = aliasOf(work.relation)
  const isGot = `${alias}.ctid = _lk_ctid and ${alias}.tableoid = _lk_table and (select ok from fits)`
  switch (work.kind) {
    case 'update':
      return `work as (update ${target(batch)} set ${work.set} from got where ${isGot} returning ${stillOf(work)} as still)`
    case 'delete':
      return `work as (delete from ${target(batch)} using got where ${isGot} returning false as still)`
    case 'insert':
    case 'code':
      throw new LockkeeperError('internal', `work of the kind ${work.kind} locks no row to go around`)
  }
}

/** The lease is asked for once a batch, and its row is locked by then: nobody else has it, or we have nothing. */
function leased(batch: Batch): string {
  return `exists (select from lockkeeper.backfill_chunk c where ${isMine(batch)})`
}

/** The user's text may name the table's columns by the table's name, which a partition has not. */
export function target({ work, chunk, only }: Pick<Batch, 'work' | 'chunk' | 'only'>): string {
  const name = chunk.relation === work.relation ? '' : ` as ${aliasOf(work.relation)}`
  return `${only ? 'only ' : ''}${chunk.relation}${name}`
}

/** `"weird.one"` of `public."weird.one"`. */
function aliasOf(relation: string): string {
  return /(?:"(?:[^"]|"")*"|[^".]+)$/.exec(relation)?.[0] ?? relation
}
