import type { BackfillDefinition, BackfillState, Wanted } from '../../model/backfill.ts'
import { LockkeeperError } from '../../model/errors.ts'
import type { StepKey } from '../../model/journal.ts'
import type { Row, Session } from '../../model/session.ts'
import { chunkOf, definitionOf, partOf, share, wantedOf, workerOf } from './rows.ts'
import { isKey, json, literal, nameOf } from './sql.ts'

const version = 2

/** Creates it, or gives what stands there; a row of an older version learns what it is about, and goes on from its place. */
export async function begin(session: Session, key: StepKey, definition: BackfillDefinition): Promise<BackfillState> {
  const { project, migration, step } = key
  await session.script([
    `insert into lockkeeper.backfill (version, project, migration, step, definition)
values (${version}, ${literal(project)}, ${literal(migration)}, ${literal(step)}, ${json(definition)})
on conflict (project, migration, step) do update set definition = excluded.definition where lockkeeper.backfill.definition is null`,
    // Format 1 had one place for the whole table.
    `with old as (update lockkeeper.backfill b set version = ${version}, sweep = 1, cursor = null, bound = null
  from (select id, cursor, bound from lockkeeper.backfill where version = 1 and bound is not null and not done) was
  where b.id = was.id and ${isKey(key)} returning b.id, was.cursor, was.bound)
insert into lockkeeper.backfill_part (backfill, relation, cut, bound)
select id, to_regclass(${literal(definition.work.relation)})::oid, cursor, bound from old`,
  ])
  const state = await read(session, key)
  if (state === undefined) throw new LockkeeperError('internal', `the backfill ${step} was noted and is not there`)
  return state
}

export async function read(session: Session, key: StepKey): Promise<BackfillState | undefined> {
  const [state] = await states(session, isKey(key))
  return state
}

export async function list(session: Session, project?: string): Promise<readonly BackfillState[]> {
  const [row] = await session.query(`select to_regclass('lockkeeper.backfill_chunk') is not null as there`)
  if (row?.['there'] !== true) return []
  return await states(session, project === undefined ? 'true' : `b.project = ${literal(project)}`)
}

/** False where there is none of that key that is not done. */
export async function want(session: Session, key: StepKey, wanted: Wanted): Promise<boolean> {
  const [row] = await session.query(
    `update lockkeeper.backfill b set wanted = $1, updated_at = clock_timestamp() where ${isKey(key)} and not b.done returning 1 as one`,
    [wanted],
  )
  return row !== undefined
}

export async function revive(session: Session, key: StepKey): Promise<void> {
  await session.query(
    `update lockkeeper.backfill b set failure = null, still = 0, wanted = case wanted when 'cancel' then 'run' else wanted end where ${isKey(key)} and not b.done`,
  )
}

/** False where there is none of that key that failed. */
export async function redefine(session: Session, key: StepKey, definition: BackfillDefinition): Promise<boolean> {
  const [row] = await session.query(
    `update lockkeeper.backfill b set definition = ${json(definition)} where ${isKey(key)} and not b.done and b.failure is not null returning 1 as one`,
  )
  return row !== undefined
}

export async function forget(session: Session, key: StepKey): Promise<void> {
  await session.query(`delete from lockkeeper.backfill b where ${isKey(key)}`)
}

export async function fail(session: Session, key: StepKey, failure: string): Promise<void> {
  await session.query(
    `update lockkeeper.backfill b set failure = $1, updated_at = clock_timestamp() where ${isKey(key)} and not b.done and b.failure is null`,
    [failure],
  )
}

async function states(session: Session, condition: string): Promise<readonly BackfillState[]> {
  const rows = await session.query(`
select b.id, b.project, b.migration, b.step, b.definition, b.wanted, b.done, b.failure, b.sweep, b.rows, b.hot_rows, b.wal_bytes, b.started_at, b.updated_at,
  coalesce((select json_agg(json_build_object('relation', coalesce(${nameOf('p.relation')}, 'gone'), 'oid', p.relation::int8, 'cut', p.cut, 'bound', p.bound, 'done', p.done))
    from lockkeeper.backfill_part p where p.backfill = b.id), '[]') as parts,
  coalesce((select json_agg(json_build_object('id', c.id, 'fence', c.fence, 'relation', ${nameOf('c.relation')}, 'oid', c.relation::int8, 'after', c.after, 'up_to', c.up_to,
      'alone', c.alone, 'owner', c.owner, 'expired', c.leased_until < clock_timestamp(), 'held', c.held, 'rows', c.rows,
      'hot_rows', c.hot_rows, 'wal_bytes', c.wal_bytes, 'batch_rows', c.batch_rows, 'batch_ms', c.batch_ms) order by c.id)
    from lockkeeper.backfill_chunk c where c.backfill = b.id), '[]') as chunks
from lockkeeper.backfill b where ${condition} order by b.id`)
  return rows.map(stateOf)
}

function stateOf(row: Row): BackfillState {
  const step = String(row['step'])
  const chunks = row['chunks'] as readonly Row[]
  const sum = (name: string): number => Number(row[name]) + chunks.reduce((total, chunk) => total + Number(chunk[name]), 0)
  return {
    key: { project: String(row['project']), migration: String(row['migration']), step },
    ...(row['definition'] === null ? {} : { definition: definitionOf(row['definition'], step) }),
    wanted: wantedOf(row['wanted']),
    done: row['done'] === true,
    ...(typeof row['failure'] === 'string' ? { failure: row['failure'] } : {}),
    sweep: Number(row['sweep']),
    rows: sum('rows'),
    hotRows: sum('hot_rows'),
    walBytes: sum('wal_bytes'),
    fraction: fractionOf(row, chunks),
    startedAt: row['started_at'] as Date,
    updatedAt: row['updated_at'] as Date,
    workers: chunks.filter(({ owner }) => owner !== null).map(workerOf),
  }
}

/** What has been cut, less what of it is still in the hands of workers; each part by the size that its bound tells. */
function fractionOf({ done, parts: rows, definition }: Row, chunks: readonly Row[]): number {
  if (done === true) return 1
  const walk = (definition as { readonly walk?: { readonly descending?: boolean } } | null)?.walk
  if (walk?.descending === true) return 0
  const parts = rows as readonly Row[]
  const open = chunks.filter(({ up_to: upTo, alone }) => upTo !== null && alone !== true).map(chunkOf)
  const shares = parts.map((row) => {
    const part = partOf(row)
    const left = open
      .filter(({ relationOid }) => relationOid === part.relationOid)
      .reduce((sum, chunk) => sum + Math.max(0, (share(chunk.upTo, part.bound) ?? 0) - (share(chunk.after, part.bound) ?? 0)), 0)
    const cut = row['done'] === true ? 1 : (share(part.cut, part.bound) ?? 0)
    return { weight: weightOf(part.bound), done: Math.max(0, cut - left) }
  })
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  return total === 0 ? 0 : shares.reduce((sum, { weight, done }) => sum + weight * done, 0) / total
}

function weightOf(bound: ReturnType<typeof partOf>['bound']): number {
  const size = Number(bound?.[0])
  return Number.isFinite(size) && size > 0 ? size : 1
}
