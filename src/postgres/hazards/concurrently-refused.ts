import type { HazardRule } from '../../model/hazard.ts'
import { defaultPartitions } from '../facts/partitions.ts'
import { isPartitioned } from '../facts/relations.ts'
import { findIndex, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { nameParts, optionOf } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, listed, type Input } from './_input.ts'

/** CONCURRENTLY is written where the server does not have it. */
export const concurrentlyRefused: HazardRule<PgNode, Topic> = {
  id: 'concurrently-refused',
  group: 'operations',
  title: 'CONCURRENTLY is written where the server does not have it',
  why: 'A partitioned table has no CREATE or DROP INDEX CONCURRENTLY, and before 14 no REINDEX; the index of an EXCLUDE constraint cannot be built that way; REFRESH CONCURRENTLY needs a unique index over all rows, DETACH CONCURRENTLY a table without a default partition. The migration fails there.',
  source:
    'https://www.postgresql.org/docs/current/sql-createindex.html#SQL-CREATEINDEX-CONCURRENTLY; measured on 13 to 18: SQLSTATE 0A000 and 55000',
  examples: {
    hazardous: [
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create index concurrently on m (id)',
      'create table m (id int, k int) partition by range (id); create index m_id on m (id); drop index concurrently m_id',
      'create table r (d int4range, constraint x exclude using gist (d with &&)); reindex index concurrently x',
      'create table t (id int); create materialized view v as select id from t; refresh materialized view concurrently v',
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create table d partition of m default; alter table m detach partition m1 concurrently',
    ],
    safe: [
      'create table m (id int, k int) partition by range (id); create index on only m (id)',
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); create index concurrently on m1 (id)',
      'create table t (id int); create materialized view v as select id from t; create unique index on v (id); refresh materialized view concurrently v',
      'create table m (id int, k int) partition by range (id); create table m1 partition of m for values from (0) to (9); alter table m detach partition m1 concurrently',
      'create table r (d int4range, constraint x exclude using gist (d with &&)); reindex table concurrently r',
    ],
  },
  on: ['IndexStmt', 'DropStmt', 'ReindexStmt', 'RefreshMatViewStmt', 'AT_DetachPartition'],
  detect(input) {
    return [...refusedBuild(input), ...refusedDrop(input), ...refusedReindex(input), ...refusedRefresh(input), ...refusedDetach(input)].map(
      ({ relation, message, fix }) => ({ rule: 'concurrently-refused', severity: 'error', message, fix, relation, breaksOldApp: false }),
    )
  },
}

interface Refusal {
  readonly relation: string
  readonly message: string
  readonly fix: string
}

function refusedBuild({ statement: { node }, before }: Input): readonly Refusal[] {
  if (!('IndexStmt' in node) || node.IndexStmt.concurrent !== true) return []
  const relation = relationKey(node.IndexStmt.relation ?? {}, before)
  if (!isPartitioned(relation, before)) return []
  return [
    {
      relation,
      message: `${relation} is partitioned: the server refuses CREATE INDEX CONCURRENTLY on it`,
      fix: 'Build the index of each partition concurrently and attach them to one made with ON ONLY: written without CONCURRENTLY, lockkeeper apply does that.',
    },
  ]
}

function refusedDrop({ statement: { node }, before }: Input): readonly Refusal[] {
  if (!('DropStmt' in node) || node.DropStmt.concurrent !== true) return []
  const tables = (node.DropStmt.objects ?? []).flatMap((object) => findIndex(nameParts(object), before)?.relation ?? [])
  return tables
    .filter((relation) => isPartitioned(relation, before))
    .map((relation) => ({
      relation,
      message: `the index stands on ${relation}, which is partitioned: the server refuses DROP INDEX CONCURRENTLY for it`,
      fix: 'Drop it without CONCURRENTLY, with a short lock_timeout and retries.',
    }))
}

function refusedReindex({ statement: { node }, before }: Input): readonly Refusal[] {
  if (!('ReindexStmt' in node) || optionOf(node.ReindexStmt.params, 'concurrently') === undefined) return []
  const { kind, relation: range } = node.ReindexStmt
  if (range === undefined) return []
  const index = kind === 'REINDEX_OBJECT_INDEX' ? findIndex(range, before) : undefined
  const relation = index?.relation ?? relationKey(range, before)
  const constraint = before.relations.get(relation)?.constraints.find(({ name }) => name === index?.name)
  if (constraint?.kind === 'exclude') {
    const message = `${constraint.name} is the index of an EXCLUDE constraint of ${relation}: the server refuses to build it concurrently`
    return [{ relation, message, fix: 'Rebuild it in a maintenance window: REINDEX without CONCURRENTLY blocks all writes.' }]
  }
  if (before.server.version >= 14 || !isPartitioned(relation, before)) return []
  const message = `${relation} is partitioned: PostgreSQL ${before.server.version} has no REINDEX for it, and leaves its indexes as they are`
  return [{ relation, message, fix: 'REINDEX each partition.' }]
}

function refusedRefresh({ statement: { node }, before }: Input): readonly Refusal[] {
  if (!('RefreshMatViewStmt' in node) || node.RefreshMatViewStmt.concurrent !== true) return []
  const relation = relationKey(node.RefreshMatViewStmt.relation ?? {}, before)
  const view = before.relations.get(relation)
  const usable = view?.indexes.some(({ unique, partial, valid, columns }) => unique && valid && !partial && !columns.includes(undefined))
  if (view === undefined || usable === true) return []
  return [
    {
      relation,
      message: `${relation} has no unique index over all its rows: the server refuses to refresh it concurrently`,
      fix: 'Build a unique index on plain columns of the view first, without a WHERE.',
    },
  ]
}

function refusedDetach(input: Input): readonly Refusal[] {
  return actionsOf(input, 'AT_DetachPartition').flatMap(({ key, command: { def } }) => {
    const defaults = defaultPartitions(key, input.before)
    if (def === undefined || !('PartitionCmd' in def) || def.PartitionCmd.concurrent !== true || defaults.length === 0) return []
    const message = `${key} has the default partition ${listed(defaults)}: the server refuses to detach others concurrently`
    return [{ relation: key, message, fix: 'Detach without CONCURRENTLY, with a short lock_timeout and retries.' }]
  })
}
