import type { ThrottleKind } from '../model/throttle.ts'
import { count } from './_amounts.ts'
import { readRows } from './_read.ts'
import { limitOf } from './_text.ts'

/**
 * Client sessions of all databases that are at a statement now, without ours. Reads pg_stat_activity, which shows the state of other roles'
 * sessions only to pg_read_all_stats (pg_monitor has it): sessions that are hidden hold. Source: manual, 27.2.3.
 */
export const activeSessions: ThrottleKind = {
  id: 'active-sessions',
  summary: 'so many client sessions are at a statement',
  example: '20',
  open(value, context) {
    const limit = limitOf(activeSessions, value, count)
    const read = async () => {
      const [row] = await readRows(context, activitySql, [[...context.ours(), context.session.pid]])
      const [active, hidden] = [Number(row?.['active']), Number(row?.['hidden'])]
      if (hidden > 0)
        return {
          load: Math.max(1, active / limit),
          reason: `${hidden} sessions cannot be seen: role ${String(row?.['role'])} may not read what they do (grant pg_monitor to it)`,
        }
      return { load: active / limit, reason: `${active} sessions are active (limit ${limit})` }
    }
    return { id: activeSessions.id, everyMs: 500, read }
  },
}

/** Workers of ours on other machines are told by their name. A hidden row has neither a type nor a state; processes of the server itself have no database. */
const activitySql = `
  select count(*) filter (where backend_type = 'client backend' and state in ('active', 'fastpath function call'))::int as active,
    count(*) filter (where backend_type is null and datid is not null and usesysid is not null)::int as hidden,
    current_user::text as role
  from pg_stat_activity
  where not pid = any($1::int[]) and application_name not like 'lockkeeper%'`
