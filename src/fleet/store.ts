import type { FleetJob, FleetRow, FleetRules, TargetState } from '../model/fleet.ts'
import type { Row, Session } from '../model/session.ts'
import { present } from '../std/present.ts'
import { fleetSchema } from './queue.ts'
import type { WaveTally } from './waves.ts'

/** Of these tables; a control database that a newer version wrote is left alone. */
export const storeFormat = 2

const run = `${fleetSchema}.fleet_run`
const target = `${fleetSchema}.fleet_target`
const machine = `${fleetSchema}.fleet_machine`

/** What waves, budget and reports need, beside the queue. Whether a target is done its own journal knows. No column holds a URL. */
export const storeTables: readonly string[] = [
  `create table if not exists ${fleetSchema}.fleet_format (format int primary key)`,
  `insert into ${fleetSchema}.fleet_format values (${storeFormat}) on conflict do nothing`,
  `create table if not exists ${run} (
    name text primary key, job jsonb not null, checksum text not null, rules jsonb not null,
    created_at timestamptz not null default now(), updated_at timestamptz not null default now())`,
  `create table if not exists ${machine} (
    run text not null references ${run} on delete cascade, machine text not null, beat_at timestamptz not null, primary key (run, machine))`,
  `create table if not exists ${target} (
    run text not null references ${run} on delete cascade, name text not null, position int not null, wave int not null,
    state text not null check (state in ('pending', 'running', 'done', 'failed', 'skipped')),
    job uuid, machine text, attempts int not null default 0, ms bigint, steps int, code text, message text, hint text,
    started_at timestamptz, ended_at timestamptz, primary key (run, name))`,
  // Format 2.
  `alter table ${target} add column if not exists rows bigint`,
]

export interface StoredRun {
  readonly job: FleetJob
  readonly checksum: string
  readonly rules: FleetRules
}

/** Locks the row of the fleet: who decides on waves, and who ends a target, does it one after the other. */
export async function lockRun(session: Session, fleet: string): Promise<StoredRun | undefined> {
  const [row] = await session.query(`select job, checksum, rules from ${run} where name = $1 for update`, [fleet])
  return row === undefined ? undefined : storedRun(row)
}

export async function readRun(session: Session, fleet: string): Promise<StoredRun | undefined> {
  const [row] = await session.query(`select job, checksum, rules from ${run} where name = $1`, [fleet])
  return row === undefined ? undefined : storedRun(row)
}

function storedRun(row: Row): StoredRun {
  return { job: row['job'] as FleetJob, checksum: String(row['checksum']), rules: row['rules'] as FleetRules }
}

/** Two machines that found it at once write one row, and both go on with that. */
export async function foundRun(session: Session, fleet: string, { job, checksum, rules }: StoredRun): Promise<void> {
  await session.query(`insert into ${run} (name, job, checksum, rules) values ($1, $2, $3, $4) on conflict do nothing`, [
    fleet,
    JSON.stringify(job),
    checksum,
    JSON.stringify(rules),
  ])
}

export async function saveRun(session: Session, fleet: string, { job, checksum, rules }: StoredRun): Promise<void> {
  await session.query(`update ${run} set job = $2, checksum = $3, rules = $4, updated_at = now() where name = $1`, [
    fleet,
    JSON.stringify(job),
    checksum,
    JSON.stringify(rules),
  ])
}

/** Of every fleet that this control database knows, the last one first. */
export async function listRuns(session: Session): Promise<readonly string[]> {
  const rows = await session.query(`select name from ${run} order by updated_at desc limit 20`)
  return rows.map((row) => String(row['name']))
}

export async function tallies(session: Session, fleet: string): Promise<readonly WaveTally[]> {
  const rows = await session.query(
    `select wave, count(*) filter (where state = 'pending' and job is null)::int as pending,
       count(*) filter (where state = 'pending' and job is not null)::int as queued,
       count(*) filter (where state = 'running')::int as running, count(*) filter (where state = 'done')::int as done,
       count(*) filter (where state = 'failed')::int as failed, count(*) filter (where state = 'skipped')::int as skipped
     from ${target} where run = $1 group by wave order by wave`,
    [fleet],
  )
  return rows as unknown as readonly WaveTally[]
}

export interface StoredTarget extends FleetRow {
  readonly position: number
  readonly job?: string
}

/** Reads format 1 too, which had no rows: who only looks changes nothing. */
export async function readTargets(session: Session, fleet: string): Promise<readonly StoredTarget[]> {
  const rows = await session.query(
    `select name, position, wave, state, job, machine, attempts, ms::float8 as ms, steps, (to_jsonb(t) ->> 'rows')::float8 as rows,
       code, message, hint
     from ${target} t where run = $1 order by position`,
    [fleet],
  )
  return rows.map((row) => present(withoutNulls(row)) as unknown as StoredTarget)
}

function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}

export async function addTargets(session: Session, fleet: string, names: readonly string[]): Promise<void> {
  await session.query(
    `insert into ${target} (run, name, position, wave, state)
     select $1, n.name, coalesce((select max(position) + 1 from ${target} where run = $1), 0) + n.at::int - 1, -1, 'pending'
     from unnest($2::text[]) with ordinality as n(name, at)
     where not exists (select from ${target} t where t.run = $1 and t.name = n.name)`,
    [fleet, names],
  )
}

export async function setWaves(session: Session, fleet: string, waves: ReadonlyMap<string, number>): Promise<void> {
  await session.query(
    `update ${target} t set wave = n.wave from unnest($2::text[], $3::int[]) as n(name, wave)
     where t.run = $1 and t.name = n.name and t.wave <> n.wave`,
    [fleet, [...waves.keys()], [...waves.values()]],
  )
}

/** Those of a wave that are in no queue yet get a job each. */
export async function enqueueWave(session: Session, fleet: string, wave: number): Promise<readonly StoredTarget[]> {
  const rows = await session.query(
    `update ${target} set job = gen_random_uuid() where run = $1 and wave = $2 and state = 'pending' and job is null
     returning name, position, job`,
    [fleet, wave],
  )
  return rows as unknown as readonly StoredTarget[]
}

export async function startTarget(
  session: Session,
  fleet: string,
  started: Started,
): Promise<{ readonly wave: number; readonly attempt: number }> {
  const [row] = await session.query(
    `update ${target} set state = 'running', machine = $3, attempts = attempts + 1, started_at = now(), ended_at = null
     where run = $1 and name = $2 returning wave, attempts`,
    [fleet, started.name, started.machine],
  )
  return { wave: Number(row?.['wave']), attempt: Number(row?.['attempts']) }
}

interface Started {
  readonly name: string
  readonly machine: string
}

/** What becomes of a target that ran; texts are cut, since a server's message may hold a whole row. */
export interface Ending {
  readonly state: TargetState
  /** It stays in the queue. */
  readonly queued: boolean
  readonly ms?: number
  readonly steps?: number
  readonly rows?: number
  readonly code?: string
  readonly message?: string
  readonly hint?: string
}

/** False where the target is not this machine's any more: it was given to another one. */
export async function isHeld(session: Session, fleet: string, { name, machine: holder }: Started): Promise<boolean> {
  const rows = await session.query(`select 1 from ${target} where run = $1 and name = $2 and machine = $3 and state = 'running'`, [
    fleet,
    name,
    holder,
  ])
  return rows.length > 0
}

export async function endTarget(session: Session, fleet: string, { name, ending }: Ended): Promise<void> {
  const { state, queued, ms, steps, rows, code, message, hint } = ending
  await session.query(
    `update ${target} set state = $3, job = case when $4::boolean then job end, machine = null, ended_at = now(), ms = $5::bigint, steps = $6::int,
       code = $7, message = left($8, 2000), hint = left($9, 2000), rows = $10::bigint
     where run = $1 and name = $2`,
    [fleet, name, state, queued, ms, steps, code, message, hint, rows],
  )
}

interface Ended {
  readonly name: string
  readonly ending: Ending
}

/** Puts targets back to pending and out of the queue. */
export async function resetTargets(session: Session, fleet: string, states: readonly TargetState[]): Promise<number> {
  const rows = await session.query(
    `update ${target} set state = 'pending', job = null, machine = null where run = $1 and state = any($2) returning name`,
    [fleet, states],
  )
  return rows.length
}

export async function skipTargets(session: Session, fleet: string, names: readonly string[]): Promise<void> {
  await session.query(
    `update ${target} set state = 'skipped', job = null where run = $1 and name = any($2) and state in ('pending', 'failed')`,
    [fleet, names],
  )
}

export async function setJob(
  session: Session,
  fleet: string,
  { name, job }: { readonly name: string; readonly job: string | undefined },
): Promise<void> {
  await session.query(`update ${target} set job = $3 where run = $1 and name = $2`, [fleet, name, job])
}

export async function forgetTargets(session: Session, fleet: string): Promise<void> {
  await session.query(`delete from ${target} where run = $1`, [fleet])
}
