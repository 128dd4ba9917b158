import type { Catalog } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { DataCheck, EachStep } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions } from '../../model/rewrite.ts'
import { textsOf, type Constraint, type PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { sourceOf } from '../source.ts'
import { checksAt, duplicateCheck, nullCheck } from './_checks.ts'
import { constraintOf } from './_constraint.ts'
import { keyParts, keyPlan, obstacleTo, type KeyPlan } from './_key-per-partition.ts'
import { notNullDrafts } from './_not-null.ts'
import { branchesOf, eachLeaf, leafStep, type Branch, type Writing } from './_partitions.ts'
import { catalogAfter, cleanup, writeSteps, type Draft, type DraftStep } from './_step.ts'
import { alterTarget, columnOf, isAddedHere, type Target } from './_target.ts'

const { name: quoted } = postgresDialect

/** Ends with a valid constraint on the parent, each partition's under the name that the server itself would have chosen. */
export const addKeyPerPartition: Rewrite<PgNode> = {
  id: 'add-key-per-partition',
  why: 'ADD UNIQUE and ADD PRIMARY KEY on a partitioned table build the index of each partition under a lock that blocks it, and hold all locks until the last one is built. With ONLY the parent gets a constraint that is not valid yet; each partition then gets its index concurrently, makes it its constraint and attaches it.',
  source:
    'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-MAINTENANCE; measured on 13, 17, 18: ONLY locks the parent alone, ATTACH PARTITION locks the index of the partition',
  match(judged, at, options) {
    const current = judged[at]
    const wanted = current === undefined ? undefined : wantedKey(current)
    if (current === undefined || wanted === undefined || obstacleTo(wanted, current.before) !== undefined) return undefined
    const plan = keyPlan(sourceOf(current.statement), wanted, current.before)
    if (plan === undefined) return undefined
    const place = { judged, at, options }
    return {
      takes: 1,
      steps: writeSteps(draftsOf(plan, place, { before: current.before, options }), current.before, options),
      checks: checksOf(plan, place),
    }
  },
  whyNot(judged, at) {
    const current = judged[at]
    const wanted = current === undefined ? undefined : wantedKey(current)
    return current === undefined || wanted === undefined ? undefined : obstacleTo(wanted, current.before)
  },
}

/** UNIQUE or PRIMARY KEY for all partitions of a table that has some. */
function wantedKey(current: Judged<PgNode>): { readonly target: Target; readonly constraint: Constraint } | undefined {
  const target = alterTarget(current, 'AT_AddConstraint')
  const constraint = constraintOf(target?.action.def)
  if (target?.relation.kind !== 'partitioned' || target.relation.children.length === 0) return undefined
  const isKey = constraint?.contype === 'CONSTR_UNIQUE' || constraint?.contype === 'CONSTR_PRIMARY'
  return constraint === undefined || !isKey ? undefined : { target, constraint }
}

interface Place {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
}

function draftsOf(plan: KeyPlan, { judged }: Place, writing: Writing): readonly DraftStep[] {
  const { table, relation } = plan
  const proven = nullableOf(plan).flatMap((column) =>
    notNullDrafts({ table, relation, column, added: isAddedHere(judged, table, column) }, writing.before),
  )
  const tree = branchesOf(table, writing.before)
  const hollow = tree.map((branch) => hollowDraft(plan, branch, writing.before))
  const after = catalogAfter(
    [...proven, ...hollow].flatMap((draft) => (draft.kind === 'draft' ? draft.sql : [])),
    writing.before,
  )
  const each = tree.filter(({ leaves }) => leaves.length > 0).map((branch) => onLeaves(plan, branch, { ...writing, before: after }))
  return [...proven, ...hollow, ...each]
}

/** Before 18 ONLY is refused where a partition's column may be NULL; on 18 it would look for NULLs in all of them. */
function nullableOf({ constraint, relation }: KeyPlan): readonly string[] {
  if (constraint.contype !== 'CONSTR_PRIMARY') return []
  return textsOf(constraint.keys).filter((column) => columnOf(relation, column)?.nullable === true)
}

function hollowDraft(plan: KeyPlan, { key, parent }: Branch, catalog: Catalog): Draft {
  const name = plan.names.get(key) ?? ''
  const add = `ALTER TABLE ONLY ${key} ADD CONSTRAINT ${quoted(name)} ${plan.body}`
  const attach =
    parent === undefined ? [] : [`ALTER INDEX ${indexOf(plan, parent, catalog)} ATTACH PARTITION ${indexOf(plan, key, catalog)}`]
  return {
    kind: 'draft',
    id: `add-${name}`,
    title: `add ${plan.kind} ${quoted(name)} to ${key} alone, without its partitions (the table locked for an instant)`,
    phase: 'expand',
    sql: [add, ...attach],
    undo: cleanup(dropKey(plan)),
  }
}

function onLeaves(plan: KeyPlan, branch: Branch, writing: Writing): EachStep {
  const parent = indexOf(plan, branch.key, writing.before)
  const words = {
    id: `build-${plan.name}-on-partitions`,
    title: `build the index of ${plan.kind} ${quoted(plan.name)} on each partition of ${branch.key} without blocking writes, and attach it`,
    undo: dropKey(plan),
  }
  const template = keyParts(plan, { parent, dropParent: dropKey(plan) }).map((part) => leafStep(part, branch, writing))
  return eachLeaf(words, branch, { template, index: plan.leafName })
}

function indexOf({ names }: KeyPlan, table: string, catalog: Catalog): string {
  return quoted(catalog.relations.get(table)?.schema ?? '', names.get(table) ?? '')
}

// Takes the constraints of all partitions that are attached to it along.
function dropKey({ table, name }: KeyPlan): string {
  return `ALTER TABLE IF EXISTS ${table} DROP CONSTRAINT IF EXISTS ${quoted(name)}`
}

function checksOf(plan: KeyPlan, place: Place): readonly DataCheck[] {
  const { table, relation, constraint } = plan
  const columns = textsOf(constraint.keys)
  const nulls = nullableOf(plan).flatMap((column) =>
    checksAt({ ...place, reads: [{ relation: table, columns: [column] }] }, nullCheck(table, relation, column)),
  )
  const check = duplicateCheck(
    table,
    columns.map((column) => quoted(column)),
    { nullsEqual: constraint.nulls_not_distinct === true },
  )
  return [...nulls, ...checksAt({ ...place, reads: [{ relation: table, columns }] }, check)]
}
