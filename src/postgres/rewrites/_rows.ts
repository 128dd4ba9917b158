import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { conjunctsOf } from '../facts/tree.ts'
import { textsOf, type PgNode } from '../node.ts'
import { backfillStep } from './_backfill.ts'
import { constantOf } from './_expression.ts'
import { writeSteps, type Draft } from './_step.ts'
import { primaryKeyOf } from './_target.ts'
import { rowChange, type RowChange } from './_update.ts'

export interface RowWords {
  /** `update`, `delete from`. */
  readonly verb: string
  readonly undone: string
}

/** A change of rows batch by batch, or at once where it is surely short. Undefined where neither is safe. */
export function rewriteRows(current: Judged<PgNode>, options: RewriteOptions, words: RowWords): Rewritten | undefined {
  const change = rowChange(current)
  if (change === undefined) return undefined
  if (isShort(current, change))
    return { takes: 1, steps: writeSteps([wholeDraft(current, change, words)], current.before, options), checks: [] }
  if (change.kind === 'refused') return undefined
  const undo = { kind: 'forward-only', why: words.undone } as const
  const step = backfillStep(
    { id: `${words.verb.split(' ')[0]}-${change.relation.name}`, title: `${words.verb} ${change.table}, batch by batch`, undo },
    change.work,
    change,
  )
  return step === undefined ? undefined : { takes: 1, steps: [step], checks: [] }
}

/** Why it can be neither. */
export function whyNotRows(current: Judged<PgNode>): string | undefined {
  const change = rowChange(current)
  if (change === undefined || isShort(current, change)) return undefined
  if (change.kind === 'refused') return change.why
  const step = backfillStep({ id: '', title: '', undo: { kind: 'free' } }, change.work, change)
  return step === undefined ? `${change.table} has no key that can be walked in order, and a changed row may match again` : undefined
}

function wholeDraft({ statement }: Judged<PgNode>, { table, relation }: RowChange, words: RowWords): Draft {
  const undo = { kind: 'forward-only', why: words.undone } as const
  const id = `${words.verb.split(' ')[0]}-${relation.name}`
  return { kind: 'draft', id, title: `${words.verb} ${table} at once: few rows`, phase: 'backfill', sql: [statement.sql], undo }
}

/** 64 kB hold about a thousand rows of usual size, whose change takes 10 to 20 ms (measured: pgfacts B). */
const shortPages = 8

function isShort({ statement, before }: Judged<PgNode>, change: RowChange): boolean {
  const where =
    'UpdateStmt' in statement.node
      ? statement.node.UpdateStmt.whereClause
      : 'DeleteStmt' in statement.node
        ? statement.node.DeleteStmt.whereClause
        : undefined
  return isSmall(change.relation, before) || namesOneRow(where, change.relation)
}

function isSmall(relation: Relation, catalog: Catalog): boolean {
  const all = [relation, ...relation.children.flatMap((child) => catalog.relations.get(child) ?? [])]
  return (
    relation.children.length < 2 && all.every(({ pages, kind }) => kind === 'partitioned' || (pages !== undefined && pages <= shortPages))
  )
}

/** Every column of the primary key is compared with a constant. */
function namesOneRow(where: PgNode | undefined, relation: Relation): boolean {
  const named = conjunctsOf(where).flatMap((part) => {
    if (!('A_Expr' in part) || part.A_Expr.kind !== 'AEXPR_OP' || textsOf(part.A_Expr.name).at(-1) !== '=') return []
    const { lexpr, rexpr } = part.A_Expr
    return lexpr !== undefined && 'ColumnRef' in lexpr && constantOf(rexpr) !== undefined ? textsOf(lexpr.ColumnRef.fields).slice(-1) : []
  })
  const key = primaryKeyOf(relation)
  return key.length > 0 && key.every((column) => named.includes(column))
}
