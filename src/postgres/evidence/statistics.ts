import type { Evidence } from '../../model/evidence.ts'
import type { Row } from '../../model/session.ts'
import { isFromServer } from '../failures.ts'
import { ownMark } from '../own-mark.ts'
import { postgresDialect } from '../quote.ts'
import { query, type Place } from './sample.ts'

/** pg_stat_statements, where it can be relied on. */
export interface Statistics {
  /** Canonical name of the view. */
  readonly view: string
  /** How often statements of ours with the mark were counted in this database. */
  readonly own: number
  /** Absent before 14. */
  readonly reset: string | null
  /** How often it made room; null before 14. */
  readonly evictions: number | null
}

type Missing = { readonly missing: NonNullable<Evidence['missing']> }

/** What it says of itself, or why it cannot be relied on here. Throws where the connection is lost, or the run was told to stop. */
export async function findStatistics(place: Place): Promise<Statistics | Missing> {
  const [row] = await query(place, settingsSql, [])
  if (row === undefined) return missing('the extension pg_stat_statements is not installed in this database', installHint)
  const off = whyOff(row)
  if (off !== undefined) return off
  try {
    return await readStatistics(place, row)
  } catch (error) {
    if (!isFromServer(error) || place.session.classify(error) !== 'other') throw error
    return missing(`pg_stat_statements cannot be read: ${error instanceof Error ? error.message : String(error)}`, installHint)
  }
}

const installHint =
  'Have a DBA add pg_stat_statements to shared_preload_libraries (a restart) and run CREATE EXTENSION pg_stat_statements in this database.'

function missing(why: string, hint: string): Missing {
  return { missing: { why, hint } }
}

const settingsSql = `
select n.nspname as schema, current_user::text as role, to_regclass(format('%I.pg_stat_statements_info', n.nspname)) is not null as info,
  current_setting('pg_stat_statements.track', true) as track, current_setting('compute_query_id', true) as ids,
  current_setting('pg_stat_statements.max', true) as max
from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`

function whyOff({ track, ids }: Row): Missing | undefined {
  if (track === 'none') return missing('pg_stat_statements counts nothing: pg_stat_statements.track is none', 'Set it to top.')
  if (ids === 'off') return missing('pg_stat_statements counts nothing: compute_query_id is off', 'Set it to auto.')
  return undefined
}

async function readStatistics(place: Place, settings: Row): Promise<Statistics | Missing> {
  const named = (name: string): string => postgresDialect.name(String(settings['schema']), name)
  const view = named('pg_stat_statements')
  const info = named('pg_stat_statements_info')
  const about = settings['info'] === true ? `(select stats_reset::text from ${info})` : 'null::text'
  const evictions = settings['info'] === true ? `(select dealloc::float8 from ${info})` : 'null::float8'
  const [row = {}] = await query(
    place,
    `select ${ownMark} count(*)::int as entries, ${about} as reset, ${evictions} as evictions,
  count(*) filter (where here and (query is null or query = '<insufficient privilege>'))::int as hidden,
  coalesce(sum(calls) filter (where here and strpos(query, $1) > 0), 0)::float8 as own
from (select s.*, s.dbid = (select oid from pg_database where datname = current_database()) as here from ${view} s) s`,
    [ownMark],
  )
  return (
    whyBlind(row, settings) ?? {
      view,
      own: Number(row['own']),
      reset: typeof row['reset'] === 'string' ? row['reset'] : null,
      evictions: row['evictions'] === null ? null : Number(row['evictions']),
    }
  )
}

function whyBlind({ hidden, entries, evictions }: Row, { role, max }: Row): Missing | undefined {
  if (Number(hidden) > 0) {
    const name = postgresDialect.name(String(role))
    return missing(
      `${name} may not see the statements of other roles in pg_stat_statements`,
      `Have a DBA run GRANT pg_read_all_stats TO ${name}.`,
    )
  }
  return evictions === null && Number(entries) >= Number(max) * fullFrom
    ? missing(
        `pg_stat_statements is full (${String(entries)} statements of ${String(max)}), and this server does not say whether it forgets some`,
        'Raise pg_stat_statements.max, or reset it with pg_stat_statements_reset() and wait.',
      )
    : undefined
}

/** It makes room by forgetting a twentieth of them, so that one that has done so is never emptier than this. */
const fullFrom = 0.9
