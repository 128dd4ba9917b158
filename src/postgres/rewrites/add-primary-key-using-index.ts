import type { Judged } from '../../model/hazard.ts'
import type { DataCheck } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions } from '../../model/rewrite.ts'
import { textsOf, type PgNode } from '../node.ts'
import { checksAt, nullCheck } from './_checks.ts'
import { constraintOf } from './_constraint.ts'
import { notNullDrafts } from './_not-null.ts'
import { sourceOf } from '../source.ts'
import { writeSteps } from './_step.ts'
import { alterTarget, columnOf, isAddedHere, type Target } from './_target.ts'
import { uniqueRewrite } from './_unique.ts'

/** Its columns are proven NOT NULL first: else PRIMARY KEY USING INDEX would read the table under ACCESS EXCLUSIVE (pgfacts A.3). */
export const addPrimaryKeyUsingIndex: Rewrite<PgNode> = {
  id: 'add-primary-key-using-index',
  why: 'ADD PRIMARY KEY builds its index, and looks for NULLs, under ACCESS EXCLUSIVE. With columns proven NOT NULL and an index built concurrently it takes an instant.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX; measured: pgfacts A.3, 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const target = current === undefined ? undefined : alterTarget(current, 'AT_AddConstraint')
    const constraint = constraintOf(target?.action.def)
    if (current === undefined || target === undefined || constraint?.contype !== 'CONSTR_PRIMARY') return undefined
    const { key: table, relation } = target
    const found = uniqueRewrite(sourceOf(current.statement), constraint, { table, relation, catalog: current.before })
    if (found === undefined) return undefined
    const nullable = textsOf(constraint.keys).filter((column) => columnOf(relation, column)?.nullable === true)
    const proven = nullable.flatMap((column) =>
      notNullDrafts({ table, relation, column, added: isAddedHere(judged, table, column) }, current.before),
    )
    const place = { judged, at, options }
    const checks = [
      ...nullable.flatMap((column) => nullsAt(place, target, column)),
      ...checksAt({ ...place, reads: [found.reads] }, found.check),
    ]
    return { takes: 1, steps: writeSteps([found.drafts[0], ...proven, found.drafts[1]], current.before, options), checks }
  },
}

interface Place {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
}

function nullsAt(place: Place, { key, relation }: Target, column: string): readonly DataCheck[] {
  return checksAt({ ...place, reads: [{ relation: key, columns: [column] }] }, nullCheck(key, relation, column))
}
