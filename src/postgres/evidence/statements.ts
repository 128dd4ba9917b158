import * as v from 'valibot'
import type { Row } from '../../model/session.ts'
import { namesIt } from '../naming.ts'
import { ownMark } from '../own-mark.ts'
import { withoutSecrets } from '../secrets.ts'
import { count, query, timeText, type Before, type Found, type Place } from './sample.ts'
import { findStatistics, type Statistics } from './statistics.ts'

const shape = v.looseObject({
  calls: v.record(v.string(), count),
  own: count,
  reset: v.nullable(v.string()),
  evictions: v.nullable(count),
})
type Sample = v.InferOutput<typeof shape>

interface Statement {
  /** Who, and the statement's own number. */
  readonly key: string
  readonly calls: number
  readonly text: string
  readonly role: string
}

/** Whether a statement that names what goes was run since the look before, by the counts of pg_stat_statements. */
export async function lookAtStatements(place: Place, before: Before<unknown> | undefined): Promise<Found> {
  const found = await findStatistics(place)
  if ('missing' in found) return { seen: [], compared: false, sample: {}, missing: found.missing }
  const statements = await namingStatements(place, found)
  const sample: Sample = {
    calls: Object.fromEntries(statements.map(({ key, calls }) => [key, calls])),
    own: found.own,
    reset: found.reset,
    evictions: found.evictions,
  }
  const known = v.safeParse(shape, before?.sample)
  if (before === undefined || !known.success) return { seen: [], compared: false, sample }
  const since = timeText(before.at)
  return { seen: [...grown(statements, known.output, since), ...lost(sample, known.output, since)], compared: true, sample }
}

/** One row for each role and statement: a statement has two where it also runs within functions. */
async function namingStatements(place: Place, { view }: Statistics): Promise<readonly Statement[]> {
  const named = place.gate.names.map((name) => namesIt('s.query', name)).join(' and ')
  const rows = await query(
    place,
    `select ${ownMark} s.userid::text || '/' || s.queryid::text as key, sum(s.calls)::float8 as calls, min(s.query) as text, coalesce(min(r.rolname::text), 'a role that is gone') as role
from ${view} s left join pg_roles r on r.oid = s.userid
where s.dbid = (select oid from pg_database where datname = current_database()) and ${named}
  and strpos(s.query, $1) = 0 and not (${checksReference})
group by s.userid, s.queryid`,
    [ownMark],
  )
  return rows.map(statementOf)
}

/** What the server itself runs for a foreign key, where it counts nested statements: the key goes with its column. */
const checksReference = `s.query ~ '^(SELECT 1 FROM|DELETE FROM|UPDATE) ONLY "' and strpos(s.query, 'OPERATOR(pg_catalog.') > 0`

function statementOf({ key, calls, text, role }: Row): Statement {
  return { key: String(key), calls: Number(calls), text: withoutSecrets(String(text)).trim(), role: String(role) }
}

const textShown = 120
const mostShown = 5

function grown(statements: readonly Statement[], before: Sample, since: string): readonly string[] {
  const more = statements
    .map((statement) => ({ ...statement, more: statement.calls - (before.calls[statement.key] ?? 0) }))
    .filter(({ more }) => more > 0)
    .toSorted((a, b) => b.more - a.more)
  const lines = more.slice(0, mostShown).map(({ more, role, text }) => {
    const shown = [...text]
    return `${more === 1 ? '1 call' : `${more} calls`} since ${since} by role ${role}: ${shown.slice(0, textShown).join('')}${shown.length > textShown ? '...' : ''}`
  })
  return more.length > mostShown ? [...lines, `and ${more.length - mostShown} other statements`] : lines
}

/** Counts that went away may have been those that we look for. Our own statement, counted at each look, tells what the server does not. */
function lost(now: Sample, before: Sample, since: string): readonly string[] {
  if ((now.evictions ?? 0) > (before.evictions ?? 0))
    return [
      `pg_stat_statements was full and forgot statements since ${since}, perhaps such a one: raise pg_stat_statements.max, or wait for a quieter hour`,
    ]
  const fewer = Object.entries(before.calls).some(([key, calls]) => (now.calls[key] ?? 0) < calls)
  return fewer || now.reset !== before.reset || now.own <= before.own
    ? [`pg_stat_statements was reset since ${since}, or stopped counting: what was run before it no longer shows`]
    : []
}
