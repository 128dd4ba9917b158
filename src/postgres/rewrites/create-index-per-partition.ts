import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { DataCheck, EachStep } from '../../model/plan.ts'
import type { Rewrite, Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { findRelation, relationKey } from '../names.ts'
import type { IndexStmt, PgNode } from '../node.ts'
import { chooseIndexName, indexNameParts } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { checksAt, duplicateCheck } from './_checks.ts'
import { createIndexSql, indexKeys, indexNamed, indexPlan, indexProbe, type IndexPlan } from './_index.ts'
import { sourceOf } from '../source.ts'
import { catalogAfter, cleanup, free, sqlStep, writeSteps, type Draft, type DraftStep } from './_step.ts'

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
  const tree = plan === undefined ? undefined : branches(plan.table, before)
  if (plan === undefined || tree === undefined || holdsPlaceholder(plan)) return undefined
  const steps = writeSteps(draftsOf(plan, tree, { before, options: place.options }), before, place.options)
  return { takes: 1, steps, checks: checks(place, plan, node) }
}

/** Partitioned tables from the top down, each with its leaves. */
interface Branch {
  readonly key: string
  readonly parent?: string
  readonly leaves: readonly string[]
}

/** Undefined where there is nothing to build on. */
function branches(key: string, catalog: Catalog, parent?: string): readonly Branch[] | undefined {
  const children = catalog.relations.get(key)?.children ?? []
  const inner = children.filter((child) => catalog.relations.get(child)?.kind === 'partitioned')
  if (children.length === 0) return undefined
  const below = inner.map((child) => branches(child, catalog, key))
  if (below.includes(undefined)) return undefined
  const own = { key, ...(parent !== undefined && { parent }), leaves: children.filter((child) => !inner.includes(child)) }
  return [own, ...below.flatMap((branch) => branch ?? [])]
}

// The runner fills {leaf} and its like into the text: the user's own must not look like them.
function holdsPlaceholder({ rest }: IndexPlan): boolean {
  return /\{(leaf|leafSchema|leafName|index)\}/.test(rest)
}

interface Writing {
  readonly before: Catalog
  readonly options: RewriteOptions
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
    .map((branch) => eachLeaf(plan, branch, { ...writing, before: after, index: indexOf(branch.key, names, after) }))
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

function eachLeaf(plan: IndexPlan, branch: Branch, writing: Writing & { readonly index: string }): EachStep {
  const drop = `DROP INDEX IF EXISTS ${quoted(plan.relation.schema, plan.name)}`
  return {
    kind: 'each',
    id: `build-index-${plan.name}-on-partitions`,
    title: `build index ${writing.index} on each partition of ${branch.key} without blocking writes, and attach it`,
    phase: 'expand',
    hazards: [],
    undo: cleanup(drop),
    over: 'leaves',
    relation: branch.key,
    template: [{ ...leafBuild(plan, branch, writing), undo: cleanup(drop, dropLeaf) }, leafAttach(branch, writing)],
    index: indexNameParts(plan.node, writing.before),
  }
}

// What is attached to the parent's index goes with it and cannot go alone: so the parent's is dropped before one of a leaf is.
const leafIndex = '{leafSchema}.{index}'
const dropLeaf = `DROP INDEX CONCURRENTLY IF EXISTS ${leafIndex}`

function leafBuild(plan: IndexPlan, branch: Branch, writing: Writing) {
  // Dollar quotes, since a leaf's name may hold any quote.
  const probe = indexProbe(plan, { index: leafIndex, table: '{leaf}', quote: (text) => `$lk$${text}$lk$` })
  return {
    ...standIn(createIndexSql(plan, { concurrently: true, name: '{index}', table: '{leaf}' }), branch, writing),
    id: 'build-index',
    title: 'build the index of {leaf} without blocking writes',
    probe: { sql: probe, cleanup: [dropLeaf] },
  }
}

function leafAttach(branch: Branch, writing: Writing & { readonly index: string }) {
  const sql = `ALTER INDEX ${writing.index} ATTACH PARTITION ${leafIndex}`
  return { ...standIn(sql, branch, writing), id: 'attach-index', title: `attach the index of {leaf} to ${writing.index}`, undo: free }
}

/** The facts of a template are those of its first leaf, whose name is then taken out again. */
function standIn(template: string, { leaves: [leaf = ''] }: Branch, { before, options }: Writing) {
  const relation = before.relations.get(leaf)
  const index = makeObjectName(relation?.name ?? '', '_lk', 'idx')
  const filled = template
    .replaceAll('{leafSchema}', () => quoted(relation?.schema ?? ''))
    .replaceAll('{leaf}', () => leaf)
    .replaceAll('{index}', () => quoted(index))
  const draft = { kind: 'draft', id: '', title: '', phase: 'expand', sql: [filled], undo: free } as const
  const step = sqlStep(draft, before, options)
  return { ...step, sql: [template], locks: step.locks.map((lock) => (lock.relation === leaf ? { ...lock, relation: '{leaf}' } : lock)) }
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
