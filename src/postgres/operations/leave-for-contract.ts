import type { Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Doubled } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { relationKey } from '../names.ts'
import type { AlterTableType, PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { alterTarget, isAddedHere, isOldTable } from '../rewrites/_target.ts'
import { nameParts } from '../tree.ts'
import { wordsOf } from '../words.ts'
import { safely } from './_safely.ts'

/** Until then the new version has its defaults from its views; so an abort has nothing to give back. */
export const leaveForContract: Rewrite<PgNode> = {
  id: 'leave-for-contract',
  why: 'Where each version of the application has views of its own, the old one keeps its defaults, comments, constraints and indexes as they are until it is gone.',
  source: 'docs/adr/0017-version-schemas.md',
  match(judged, at, options) {
    const one = judged[at]
    const doubled = one === undefined || options.versions === undefined ? undefined : leftIn(one, judged)
    return one === undefined || doubled === undefined ? undefined : rewrite(one, doubled, options)
  },
}

function rewrite(judged: Judged<PgNode>, doubled: readonly Doubled[], options: RewriteOptions): Rewritten | undefined {
  const { before, statement } = judged
  const { id, title } = wordsOf(judged, before)
  const undo = { kind: 'forward-only', why: 'what was before is not kept' } as const
  const made = safely([{ id, title, phase: 'contract', sql: [statement.sql], undo }], before, options)
  if (made === undefined) return undefined
  const steps = made.steps.map((step) => ({ ...step, phase: 'contract' as const }))
  return { takes: 1, steps: [], checks: [], later: { gates: [], steps, doubled } }
}

/** What later statements may not name until then; undefined where it may be done at once. */
function leftIn(judged: Judged<PgNode>, all: readonly Judged<PgNode>[]): readonly Doubled[] | undefined {
  if (judged.statement.atContract === true) return []
  if (judged.upDown !== undefined) return undefined
  return ofColumn(judged, all) ?? ofConstraint(judged) ?? ofIndex(judged) ?? ofTable(judged)
}

/** A column that the migration itself adds is nobody's yet, save for what its INSERTs would then leave to the server instead of the trigger. */
function ofColumn(judged: Judged<PgNode>, all: readonly Judged<PgNode>[]): readonly Doubled[] | undefined {
  const set = alterTarget(judged, 'AT_ColumnDefault')
  const target = set ?? alterTarget(judged, 'AT_DropNotNull')
  if (target === undefined) return undefined
  const { key, action } = target
  const column = action.name ?? ''
  const isFilled = all.some(({ upDown }) => upDown?.some((value) => value.direction === 'up' && value.column === column) === true)
  return isAddedHere(all, key, column) && !isFilled ? undefined : []
}

function ofConstraint(judged: Judged<PgNode>): readonly Doubled[] | undefined {
  const { node } = judged.statement
  const dropped = alterTarget(judged, 'AT_DropConstraint')
  if (dropped !== undefined) return [named(dropped.key, 'constraint', [dropped.action.name ?? ''])]
  if (!('RenameStmt' in node) || node.RenameStmt.renameType !== 'OBJECT_TABCONSTRAINT') return undefined
  const { relation: range = {}, subname = '', newname = '' } = node.RenameStmt
  const key = relationKey(range, judged.before)
  const relation = judged.before.relations.get(key)
  return relation !== undefined && isOldTable(relation) ? [named(key, 'constraint', [subname, newname])] : undefined
}

function ofIndex({ statement: { node }, facts, before }: Judged<PgNode>): readonly Doubled[] | undefined {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_INDEX') return undefined
  const names = (node.DropStmt.objects ?? []).map((object) => nameParts(object).at(-1) ?? '')
  const tables = facts.locks.map(({ relation }) => relation).filter((key) => isOld(before.relations.get(key)))
  return tables.length === 0 ? undefined : tables.map((key) => named(key, 'index', names))
}

const ofWhole: readonly AlterTableType[] = ['AT_ReplicaIdentity']

function ofTable(judged: Judged<PgNode>): readonly Doubled[] | undefined {
  if (ofWhole.some((kind) => alterTarget(judged, kind) !== undefined)) return []
  const { statement, facts, before } = judged
  if (!('CommentStmt' in statement.node)) return undefined
  const isOfOld = facts.locks.some(({ relation }) => isOld(before.relations.get(relation)))
  return isOfOld && !isOfAdded(judged) ? [] : undefined
}

function isOld(relation: Relation | undefined): boolean {
  return relation !== undefined && isOldTable(relation)
}

/** COMMENT ON COLUMN of one that has no number yet. */
function isOfAdded({ statement: { node }, before }: Judged<PgNode>): boolean {
  if (!('CommentStmt' in node) || node.CommentStmt.objtype !== 'OBJECT_COLUMN' || node.CommentStmt.object === undefined) return false
  const parts = nameParts(node.CommentStmt.object)
  const relation = before.relations.get(relationKey(tableOf(parts.slice(0, -1)), before))
  return relation?.columns.find(({ name }) => name === parts.at(-1))?.position === undefined
}

function tableOf(parts: readonly string[]) {
  const [relname = '', schemaname] = parts.toReversed()
  return schemaname === undefined ? { relname } : { schemaname, relname }
}

function named(relation: string, kind: 'constraint' | 'index', columns: readonly string[]): Doubled {
  const names = columns.map((name) => postgresDialect.name(name)).join(' and ')
  return { relation, columns, what: `the ${kind} ${names} of ${relation}` }
}
