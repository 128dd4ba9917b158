import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Facts } from '../../model/facts.ts'
import type { Hazard, HazardRule } from '../../model/hazard.ts'
import { givesFewRows } from '../aggregates.ts'
import { withDescendants } from '../facts/relations.ts'
import { relationKey } from '../names.ts'
import type { InsertStmt, PgNode, RangeVar } from '../node.ts'
import type { Topic } from '../topics.ts'
import { relationsIn } from '../tree.ts'
import { isOld, sizeOf, type Input } from './_input.ts'

/** One statement changes, deletes or copies most of a table. */
export const unbatchedWrite: HazardRule<PgNode, Topic> = {
  id: 'unbatched-write',
  group: 'lock',
  title: 'One statement changes, deletes or copies most of a table',
  why: 'An UPDATE or DELETE without a condition on an index locks every row that it changes until its end, and writes all of it in one go: other writers of these rows wait, replicas lag, dead rows cannot be cleaned up meanwhile. INSERT ... SELECT of a whole table makes those wait who insert one of its keys or delete a row that it refers to.',
  source: 'measured: one UPDATE of 2 million rows made queries wait up to 22 s, in batches 12 ms (pgfacts B)',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); delete from t where a > 5',
      "create table t (id bigint primary key, a int, b text, c varchar(10)); update t set b = 'x' where b is null",
      'create table t (id bigint primary key, a int); create table u (id bigint primary key, a int); insert into u select id, a from t',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1 where id = 7',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); delete from t where id in (1, 2)',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); insert into t values (1, 2)',
      'create table t (id bigint primary key, a int); create table u (id bigint primary key, a int); insert into u select id, a from t where id = 7',
      'create table t (id bigint primary key, a int); create table u (id bigint primary key, a bigint); insert into u select 1, count(*) from t',
    ],
  },
  on: ['UpdateStmt', 'DeleteStmt', 'MergeStmt', 'InsertStmt'],
  detect(input) {
    const { node } = input.statement
    return 'InsertStmt' in node ? copies(node.InsertStmt, input) : changes(input)
  },
}

function changes({ statement, facts, before }: Input): readonly Hazard[] {
  const range = targetOf(statement.node)
  const key = range === undefined ? '' : relationKey(range, before)
  const read = withDescendants(key, before).filter((table) => facts.scans.includes(table))
  if (range === undefined || !isOld(key, before) || read.length === 0) return []
  return [
    {
      rule: 'unbatched-write',
      severity: isSmall(key, before) && read.length === 1 ? 'warning' : 'error',
      message: `${statement.kind === 'DeleteStmt' ? 'DELETE' : statement.kind === 'MergeStmt' ? 'MERGE' : 'UPDATE'} goes through all of ${key}${sizeOf(key, before)} at once: every row that it changes stays locked until it ends`,
      fix: 'Change the rows in batches by the primary key, each in a transaction of its own.',
      relation: key,
      ...rewriteFor(statement.kind),
      breaksOldApp: false,
    },
  ]
}

/** Nobody waits for rows that nobody sees yet, save whoever inserts the same key, or deletes a row that they refer to: so it is the target that counts. */
function copies(insert: InsertStmt, { facts, before }: Input): readonly Hazard[] {
  const target = relationKey(insert.relation ?? {}, before)
  const sources = relationsIn(insert.selectStmt, before).filter((key) => isOld(key, before) && isRead(key, facts, before))
  const source = sources.toSorted((a, b) => rowsOf(b, before) - rowsOf(a, before))[0]
  if (source === undefined || !isOld(target, before) || givesFewRows(insert.selectStmt, before)) return []
  const waits = makesOthersWait(before.relations.get(target))
  return [
    {
      rule: 'unbatched-write',
      severity: isSmall(source, before) || !waits ? 'warning' : 'error',
      message: `INSERT ... SELECT copies from all of ${source}${sizeOf(source, before)} into ${target} at once: until it ends, its snapshot keeps dead rows from being cleaned up${waits ? ', and whoever inserts one of its keys, or deletes a row that it refers to, waits' : ''}`,
      fix: 'Copy the rows in batches by the primary key of the table that they come from, each in a transaction of its own.',
      relation: target,
      rewrite: 'backfill-insert',
      breaksOldApp: false,
    },
  ]
}

function isRead(key: string, facts: Facts, before: Catalog): boolean {
  return withDescendants(key, before).some((table) => facts.scans.includes(table))
}

function makesOthersWait(target: Relation | undefined): boolean {
  return (
    target === undefined || target.indexes.some(({ unique }) => unique) || target.constraints.some(({ kind }) => kind === 'foreign-key')
  )
}

function rowsOf(key: string, { relations }: Catalog): number {
  return relations.get(key)?.rows ?? Infinity
}

/** 1,000 rows took 12 ms (pgfacts B): nobody notices. */
const fewRows = 1_000

function isSmall(key: string, before: Catalog): boolean {
  return rowsOf(key, before) <= fewRows
}

function targetOf(node: PgNode): RangeVar | undefined {
  if ('UpdateStmt' in node) return node.UpdateStmt.relation
  if ('DeleteStmt' in node) return node.DeleteStmt.relation
  return 'MergeStmt' in node ? node.MergeStmt.relation : undefined
}

function rewriteFor(kind: string): { readonly rewrite?: string } {
  if (kind === 'MergeStmt') return {}
  return { rewrite: kind === 'DeleteStmt' ? 'backfill-delete' : 'backfill-update' }
}
