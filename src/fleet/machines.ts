import type { Session } from '../model/session.ts'
import { fleetSchema } from './queue.ts'

const machine = `${fleetSchema}.fleet_machine`
const target = `${fleetSchema}.fleet_target`

/** Which machines of a fleet are alive, by the clock of the control database. */
export async function beat(session: Session, fleet: string, ours: string): Promise<void> {
  await session.query(
    `insert into ${machine} (run, machine, beat_at) values ($1, $2, now()) on conflict (run, machine) do update set beat_at = now()`,
    [fleet, ours],
  )
}

export async function leave(session: Session, fleet: string, ours: string): Promise<void> {
  await session.query(`delete from ${machine} where run = $1 and machine = $2`, [fleet, ours])
}

interface Seen {
  readonly ours: string
  readonly lostAfterMs: number
}

/** Machines beside ours that have been heard of lately. */
export async function othersAlive(session: Session, fleet: string, { ours, lostAfterMs }: Seen): Promise<number> {
  const [row] = await session.query(
    `select count(*)::int as n from ${machine}
     where run = $1 and machine <> $2 and beat_at > now() - $3::int * interval '1 millisecond'`,
    [fleet, ours, lostAfterMs],
  )
  return Number(row?.['n'])
}

export interface LostTarget {
  readonly name: string
  readonly machine: string
  readonly job: string
}

/**
 * Targets whose machine is gone, and those that are booked on ours although it does not work on them: the answer to the commit that gave
 * them to us never came.
 */
export async function lostTargets(
  session: Session,
  fleet: string,
  seen: Seen & { readonly working: readonly string[] },
): Promise<readonly LostTarget[]> {
  const rows = await session.query(
    `select t.name, t.machine, t.job from ${target} t
     where t.run = $1 and t.state = 'running' and case when t.machine = $2 then t.name <> all($4::text[]) else not exists (
       select from ${machine} m where m.run = t.run and m.machine = t.machine and m.beat_at > now() - $3::int * interval '1 millisecond') end
     order by t.position for update of t`,
    [fleet, seen.ours, seen.lostAfterMs, seen.working],
  )
  return rows as unknown as readonly LostTarget[]
}

export interface Outlook {
  /** Of what is left in the open wave, how many this machine could take. */
  readonly ours: number
  /** Of what is left in all waves. */
  readonly oursInAll: number
  readonly names: readonly string[]
}

/** What is left, as seen from a machine that knows only these names. */
export async function outlook(session: Session, fleet: string, known: readonly string[]): Promise<Outlook> {
  const [row] = await session.query(
    `with left_over as (select name, wave from ${target} where run = $1 and state in ('pending', 'running')), open as (
       select * from left_over where wave = (select min(wave) from left_over))
     select (select count(*)::int from open where name = any($2)) as ours, (select count(*)::int from left_over where name = any($2)) as "oursInAll",
       (select coalesce(array_agg(name order by name), '{}') from open where name <> all($2)) as names`,
    [fleet, known],
  )
  return row as unknown as Outlook
}
