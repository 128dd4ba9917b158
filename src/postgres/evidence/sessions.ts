import { query, timeText, whoColumns, whoIs, type Found, type Place } from './sample.ts'

/** Who is connected now under a name of the old application. A role that does not exist has no sessions either: that is said, not taken for quiet. */
export async function lookAtSessions(place: Place): Promise<Found> {
  const { applications, roles } = place.asked.old
  const rows = await query(place, sessionsSql, [applications.map(likePattern), roles, place.asked.ours])
  const unknown = await query(
    place,
    `select r as role from unnest($1::text[]) r where not exists (select from pg_roles where rolname = r)`,
    [roles],
  )
  const seen = rows.map((row) => `${whoIs(row)}, ${String(row['state'])}, since ${timeText(row['since'])}`)
  return { seen, compared: true, sample: {}, ...(unknown.length > 0 && { missing: noSuchRole(unknown.map(({ role }) => String(role))) }) }
}

// Of other roles' sessions the server shows name and role to everyone, the rest only to pg_read_all_stats.
const sessionsSql = `
select ${whoColumns}, coalesce(a.state, 'connected') as state, a.backend_start as since
from pg_stat_activity a
where a.datname = current_database() and not a.pid = any($3::int[]) and coalesce(a.backend_type, 'client backend') = 'client backend'
  and (a.application_name like any($1::text[]) or a.usename::text = any($2::text[]))
order by a.backend_start`

function likePattern(application: string): string {
  return application.replaceAll(/[\\%_]/g, '\\$&').replaceAll('*', '%')
}

function noSuchRole(roles: readonly string[]): NonNullable<Found['missing']> {
  return { why: `there is no role ${roles.join(', ')}`, hint: 'Correct --old-role (or expand.oldRoles), or leave it out.' }
}
