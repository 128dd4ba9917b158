import type { HazardRule } from '../../model/hazard.ts'
import { withDescendants } from '../facts/relations.ts'
import { relationKey } from '../names.ts'
import type { PgNode, RangeVar } from '../node.ts'
import type { Topic } from '../topics.ts'
import { isOld, sizeOf } from './_input.ts'

/** One statement changes or deletes most of a table. */
export const unbatchedWrite: HazardRule<PgNode, Topic> = {
  id: 'unbatched-write',
  group: 'lock',
  title: 'One statement changes or deletes most of a table',
  why: 'An UPDATE or DELETE without a condition on an index locks every row that it changes until its end, and writes all of it in one go: other writers of these rows wait, replicas lag, dead rows cannot be cleaned up meanwhile.',
  source: 'measured: one UPDATE of 2 million rows made queries wait up to 22 s, in batches 12 ms (pgfacts B)',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); delete from t where a > 5',
      "create table t (id bigint primary key, a int, b text, c varchar(10)); update t set b = 'x' where b is null",
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1 where id = 7',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); delete from t where id in (1, 2)',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); insert into t values (1, 2)',
    ],
  },
  on: ['UpdateStmt', 'DeleteStmt', 'MergeStmt'],
  detect(input) {
    const { statement, facts, before } = input
    const range = targetOf(statement.node)
    if (range === undefined) return []
    const key = relationKey(range, before)
    const read = withDescendants(key, before).filter((table) => facts.scans.includes(table))
    if (!isOld(key, before) || read.length === 0) return []
    const { rows } = before.relations.get(key) ?? {}
    return [
      {
        rule: 'unbatched-write',
        severity: rows !== undefined && rows <= fewRows && read.length === 1 ? 'warning' : 'error',
        message: `${statement.kind === 'DeleteStmt' ? 'DELETE' : statement.kind === 'MergeStmt' ? 'MERGE' : 'UPDATE'} goes through all of ${key}${sizeOf(key, before)} at once: every row that it changes stays locked until it ends`,
        fix: 'Change the rows in batches by the primary key, each in a transaction of its own.',
        relation: key,
        ...rewriteFor(statement.kind),
        breaksOldApp: false,
      },
    ]
  },
}

/** 1,000 rows took 12 ms (pgfacts B): nobody notices. */
const fewRows = 1_000

function targetOf(node: PgNode): RangeVar | undefined {
  if ('UpdateStmt' in node) return node.UpdateStmt.relation
  if ('DeleteStmt' in node) return node.DeleteStmt.relation
  return 'MergeStmt' in node ? node.MergeStmt.relation : undefined
}

function rewriteFor(kind: string): { readonly rewrite?: string } {
  if (kind === 'MergeStmt') return {}
  return { rewrite: kind === 'DeleteStmt' ? 'backfill-delete' : 'backfill-update' }
}
