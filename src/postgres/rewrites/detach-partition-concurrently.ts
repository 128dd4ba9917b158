import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { defaultPartitions } from '../facts/partitions.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { chooseCheckName } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { writeSteps, type Draft } from './_step.ts'
import { alterTarget, type Target } from './_target.ts'

const { name: quoted, literal } = postgresDialect

/** Without the CHECK that CONCURRENTLY leaves on what was the partition: DETACH PARTITION as written leaves none. */
export const detachPartitionConcurrently: Rewrite<PgNode> = {
  id: 'detach-partition-concurrently',
  why: 'DETACH PARTITION takes ACCESS EXCLUSIVE on the whole partitioned table. CONCURRENTLY (14 on) waits for those who use it without blocking anyone else.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DETACH-PARTITION; measured: pgfacts A.5, 14 to 18',
  match(judged, at, options) {
    const wanted = wantedOf(judged[at])
    if (wanted === undefined || obstacleTo(wanted) !== undefined) return undefined
    return { takes: 1, steps: writeSteps([detachDraft(wanted), dropCheckDraft(wanted)], wanted.current.before, options), checks: [] }
  },
  whyNot(judged, at) {
    const wanted = wantedOf(judged[at])
    return wanted === undefined ? undefined : obstacleTo(wanted)
  },
}

interface Wanted {
  readonly current: Judged<PgNode>
  readonly target: Target
  readonly child: string
}

function wantedOf(current: Judged<PgNode> | undefined): Wanted | undefined {
  const target = current === undefined ? undefined : alterTarget(current, 'AT_DetachPartition')
  const def = target?.action.def
  if (current === undefined || target === undefined || def === undefined || !('PartitionCmd' in def)) return undefined
  return def.PartitionCmd.concurrent === true
    ? undefined
    : { current, target, child: relationKey(def.PartitionCmd.name ?? {}, current.before) }
}

function obstacleTo({ current: { before }, target: { key, relation }, child }: Wanted): string | undefined {
  if (before.server.version < 14) return 'DETACH PARTITION ... CONCURRENTLY came with 14'
  const [other] = defaultPartitions(key, before)
  if (other !== undefined) return `CONCURRENTLY is refused while there is a default partition, ${other}`
  if (before.relations.get(child)?.partitionOf !== key) return `${child} is no partition of ${key} yet`
  return relation.partitionBy?.columns.includes(undefined) === false
    ? undefined
    : 'CONCURRENTLY leaves a CHECK on the table, and its name is known only where the key is of plain columns'
}

function detachDraft({ target: { key }, child }: Wanted): Draft {
  const detach = `ALTER TABLE ${key} DETACH PARTITION ${child}`
  return {
    kind: 'draft',
    id: `detach-${child}`,
    title: `detach ${child} from ${key}, waiting for those who use them without blocking others`,
    phase: 'contract',
    sql: [`${detach} CONCURRENTLY`],
    undo: { kind: 'forward-only', why: `${child} is on its way out of ${key}; ATTACH PARTITION puts it back` },
    probe: { sql: detachProbe(key, child), cleanup: [`${detach} FINALIZE`] },
  }
}

// What was interrupted half way is still a partition, but no query sees it any more: only FINALIZE ends that.
function detachProbe(parent: string, child: string): string {
  return `
SELECT coalesce((
  SELECT CASE WHEN h.inhdetachpending THEN 'leftover' ELSE 'absent' END FROM pg_catalog.pg_inherits h
  WHERE h.inhparent = pg_catalog.to_regclass(${literal(parent)}) AND h.inhrelid = pg_catalog.to_regclass(${literal(child)})
), CASE WHEN pg_catalog.to_regclass(${literal(child)}) IS NULL THEN 'missing' ELSE 'done' END) AS state`.trim()
}

/** The server makes it only where no other CHECK says the same. */
function dropCheckDraft({ current: { before }, target, child }: Wanted): Draft {
  const relation = before.relations.get(child) ?? { schema: '', name: '' }
  const name = chooseCheckName({ catalog: before, relation }, (target.relation.partitionBy?.columns ?? []).map(String))
  return {
    kind: 'draft',
    id: `drop-${name}`,
    title: `drop the check ${quoted(name)} that detaching left on ${child} (the table locked for an instant)`,
    phase: 'contract',
    sql: [`ALTER TABLE ${child} DROP CONSTRAINT IF EXISTS ${quoted(name)}`],
    undo: { kind: 'forward-only', why: `${child} is no partition any more; ATTACH PARTITION puts it back` },
  }
}
