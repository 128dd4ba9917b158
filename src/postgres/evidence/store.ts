import type { Evidence, EvidenceKind, EvidenceStore, GateKey } from '../../model/evidence.ts'
import type { Session } from '../../model/session.ts'
import { beforeOf, query, type Before, type Found, type Place } from './sample.ts'
import { lookAtSessions } from './sessions.ts'
import { lookAtStatements } from './statements.ts'
import { lookAtViewLocks } from './view-locks.ts'
import { lookAtWrites } from './writes.ts'

/** In the table `lockkeeper.evidence`. What stands there and was changed by another hand counts as never seen: the quiet time begins anew. */
export function evidenceStore(session: Session): EvidenceStore {
  return {
    async look(key, gate, asked) {
      const place = { session, gate, asked }
      const all: Evidence[] = asksSessions(place) ? [await lookAtPresent(place)] : []
      if (gate.views.length > 0) all.push(await lookAgain('locks', key, place))
      if (gate.counter !== undefined) all.push(await lookAgain('writes', key, place))
      if (gate.names.length > 0) all.push(await lookAgain('statements', key, place))
      return all
    },
  }
}

/** The journal's format in which the rows are written. */
const version = 3

function asksSessions({ asked: { old } }: Place): boolean {
  return old.applications.length > 0 || old.roles.length > 0
}

async function lookAtPresent(place: Place): Promise<Evidence> {
  const { seen, missing } = await lookAtSessions(place)
  const [row] = await query(place, 'select clock_timestamp() as now', [])
  return { kind: 'sessions', seen, at: row?.['now'] as Date, ...(missing !== undefined && { missing }) }
}

type Kept = Exclude<EvidenceKind, 'sessions'>

/** The quiet time begins anew where something was seen, where nothing can be, and where there is nothing to compare with. */
async function lookAgain(kind: Kept, key: GateKey, place: Place): Promise<Evidence> {
  const row = [key.project, key.migration, key.step, key.gate, kind]
  const before = beforeOf((await query(place, sampleSql, row))[0])
  const { seen: now, missing, compared, sample } = await lookAt(kind, place, before)
  const fresh = now.length > 0 || missing !== undefined || !compared
  const seen = fresh ? now : (before?.sample.seen ?? [])
  const [kept] = await query(place, keepSql, [...row, version, JSON.stringify({ ...sample, seen }), fresh])
  return {
    kind,
    seen,
    quietSince: kept?.['quiet_since'] as Date,
    at: kept?.['sampled_at'] as Date,
    ...(missing !== undefined && { missing }),
  }
}

function lookAt(kind: Kept, place: Place, before: Before<unknown> | undefined): Promise<Found> {
  switch (kind) {
    case 'locks':
      return lookAtViewLocks(place, before)
    case 'writes':
      return lookAtWrites(place, before)
    case 'statements':
      return lookAtStatements(place, before)
  }
}

const sampleSql = `
select sample, sampled_at from lockkeeper.evidence where project = $1 and migration = $2 and step = $3 and gate = $4 and kind = $5`

// By the server's clock, and after the look: what happens between the two is new to the next look. A time that cannot be is none.
const keepSql = `
insert into lockkeeper.evidence as e (project, migration, step, gate, kind, version, sample, quiet_since, sampled_at)
values ($1, $2, $3, $4, $5, $6, $7::jsonb, clock_timestamp(), clock_timestamp())
on conflict (project, migration, step, gate, kind) do update set version = excluded.version, sample = excluded.sample, sampled_at = excluded.sampled_at,
  quiet_since = case when $8::boolean or not e.quiet_since between '2000-01-01' and excluded.sampled_at then excluded.quiet_since else e.quiet_since end
returning quiet_since, sampled_at`
