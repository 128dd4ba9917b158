import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { DataCheck, EachStep } from '../../model/plan.ts'
import type { Rewrite, Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { findRelation, relationKey } from '../names.ts'
import type { IndexStmt, PgNode } from '../node.ts'
import { chooseIndexName, indexNameParts } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { checksAt, duplicateCheck } from './_checks.ts'
import { createIndexSql, indexKeys, indexNamed, indexPlan, indexProbe, type IndexPlan } from './_index.ts'
import { sourceOf } from '../source.ts'
import { branchesOf, eachLeaf, holdsPlaceholder, leafStep, type Branch, type LeafPart, type Writing } from './_partitions.ts'
import { catalogAfter, cleanup, free, writeSteps, type Draft, type DraftStep } from './_step.ts'

const { name: quoted } = postgresDialect

/** Ends with a valid index on the parent, each partition's under the name that the server itself would have chosen. */
export const createIndexPerPartition: Rewrite<PgNode> = {
  id: 'create-index-per-partition',
  why: 'CREATE INDEX on a partitioned table holds SHARE on all its partitions until the last one is built, and CONCURRENTLY is refused there. One partition after the other can be built concurrently and attached.',
  source: 'https://www.postgresql.org/docs/current/sql-createindex.html (CREATE INDEX ON ONLY, ALTER INDEX ATTACH PARTITION)',
  match(judged, at, options) {
    const current = judged[at]
    if (current === undefined || !('IndexStmt' in current.statement.node)) return undefined
    const node = current.statement.node.IndexStmt
    const relation = findRelation(node.relation ?? [], current.before)
    if (relation === undefined || !isForAllPartitions(relation, node)) return undefined
    return rewrite({ judged, at, options }, { current, node, relation })
  },
}

function isForAllPartitions(relation: Relation, node: IndexStmt): boolean {
  return relation.kind === 'partitioned' && !relation.isNew && node.relation?.inh === true && node.concurrent !== true
}

interface Wanted {
  readonly current: Judged<PgNode>
  readonly node: IndexStmt
  readonly relation: Relation
}

function rewrite(place: Place, { current, node, relation }: Wanted): Rewritten | undefined {
  const { before } = current
  const name = node.idxname ?? chooseIndexName({ catalog: before, relation }, node)
  const found = indexNamed(relation, name, before)
  if (found !== undefined) return node.if_not_exists === true && found !== 'invalid' ? { takes: 1, steps: [], checks: [] } : undefined
  const plan = indexPlan(sourceOf(current.statement), { table: relationKey(node.relation ?? [], before), relation, name })
  const tree = branchesOf(plan?.table ?? '', before)
  if (plan === undefined || tree.length === 0 || holdsPlaceholder(plan.rest, plan.name, ...tree.map(({ key }) => key))) return undefined
  const steps = writeSteps(draftsOf(plan, tree, { before, options: place.options }), before, place.options)
  return { takes: 1, steps, checks: checks(place, plan, node) }
}

function draftsOf(plan: IndexPlan, tree: readonly Branch[], writing: Writing): readonly DraftStep[] {
  const names = new Map<string, string>()
  const undo = cleanup(`DROP INDEX IF EXISTS ${quoted(plan.relation.schema, plan.name)}`)
  const hollow: Draft[] = []
  for (const { key, parent } of tree) {
    const relation = writing.before.relations.get(key)
    if (relation === undefined) continue
    const name =
      parent === undefined ? plan.name : chooseIndexName({ catalog: writing.before, relation, taken: [...names.values()] }, plan.node)
    names.set(key, name)
    hollow.push(
      hollowDraft({ plan, relation, key, name, ...(parent !== undefined && { attachTo: indexOf(parent, names, writing.before) }) }, undo),
    )
  }
  const after = catalogAfter(
    hollow.flatMap(({ sql }) => sql),
    writing.before,
  )
  const each = tree
    .filter(({ leaves }) => leaves.length > 0)
    .map((branch) => onLeaves(plan, branch, { ...writing, before: after, index: indexOf(branch.key, names, after) }))
  return [...hollow, ...each]
}

function indexOf(table: string, names: ReadonlyMap<string, string>, catalog: Catalog): string {
  return quoted(catalog.relations.get(table)?.schema ?? '', names.get(table) ?? '')
}

interface Hollow {
  readonly plan: IndexPlan
  readonly relation: Relation
  readonly key: string
  readonly name: string
  readonly attachTo?: string
}

function hollowDraft({ plan, relation, key, name, attachTo }: Hollow, undo: Draft['undo']): Draft {
  const create = createIndexSql(plan, { only: true, table: key, name: quoted(name) })
  const attach = attachTo === undefined ? [] : [`ALTER INDEX ${attachTo} ATTACH PARTITION ${quoted(relation.schema, name)}`]
  return {
    kind: 'draft',
    id: `create-index-${name}`,
    title: `create index ${quoted(relation.schema, name)} on ${key} alone, without its partitions (the table locked for an instant)`,
    phase: 'expand',
    sql: [create, ...attach],
    undo,
  }
}

function onLeaves(plan: IndexPlan, branch: Branch, writing: Writing & { readonly index: string }): EachStep {
  const drop = `DROP INDEX IF EXISTS ${quoted(plan.relation.schema, plan.name)}`
  const words = {
    id: `build-index-${plan.name}-on-partitions`,
    title: `build index ${writing.index} on each partition of ${branch.key} without blocking writes, and attach it`,
    undo: drop,
  }
  const template = [leafStep(buildPart(plan, drop), branch, writing), leafStep(attachPart(writing.index), branch, writing)]
  return eachLeaf(words, branch, { template, index: indexNameParts(plan.node, writing.before) })
}

// What is attached to the parent's index goes with it and cannot go alone: so the parent's is dropped before one of a leaf is.
const leafIndex = '{leafSchema}.{index}'
const dropLeaf = `DROP INDEX CONCURRENTLY IF EXISTS ${leafIndex}`

function buildPart(plan: IndexPlan, dropParent: string): LeafPart {
  return {
    id: 'build-index',
    title: 'build the index of {leaf} without blocking writes',
    sql: [createIndexSql(plan, { concurrently: true, name: '{index}', table: '{leaf}' })],
    undo: cleanup(dropParent, dropLeaf),
    probe: { sql: indexProbe(plan, { index: '{indexText}', table: '{leafText}' }), cleanup: [dropLeaf] },
  }
}

function attachPart(index: string): LeafPart {
  const sql = `ALTER INDEX ${index} ATTACH PARTITION ${leafIndex}`
  return { id: 'attach-index', title: `attach the index of {leaf} to ${index}`, sql: [sql], undo: free }
}

interface Place {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
}

function checks(place: Place, plan: IndexPlan, node: IndexStmt): readonly DataCheck[] {
  const source = sourceOf(place.judged[place.at]?.statement ?? { sql: '' })
  const keys = node.unique === true && 'IndexStmt' in source.node ? indexKeys(source, source.node.IndexStmt) : undefined
  if (keys === undefined) return []
  const columns = (node.indexParams ?? []).flatMap((element) => ('IndexElem' in element ? (element.IndexElem.name ?? []) : []))
  const check = duplicateCheck(plan.table, keys.keys, {
    ...(keys.where !== undefined && { where: keys.where }),
    nullsEqual: node.nulls_not_distinct === true,
  })
  return checksAt({ ...place, reads: [{ relation: plan.table, columns }] }, check)
}
