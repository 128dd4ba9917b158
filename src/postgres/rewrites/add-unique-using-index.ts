import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { checksAt } from './_checks.ts'
import { constraintOf } from './_constraint.ts'
import { sourceOf } from '../source.ts'
import { writeSteps } from './_step.ts'
import { alterTarget } from './_target.ts'
import { uniqueRewrite } from './_unique.ts'

/** Not on a partitioned table, where the server cannot make a constraint from an index. */
export const addUniqueUsingIndex: Rewrite<PgNode> = {
  id: 'add-unique-using-index',
  why: 'ADD UNIQUE builds its index under ACCESS EXCLUSIVE. Built concurrently beforehand, it becomes the constraint in an instant.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX',
  match(judged, at, options) {
    const current = judged[at]
    const target = current === undefined ? undefined : alterTarget(current, 'AT_AddConstraint')
    const constraint = constraintOf(target?.action.def)
    if (current === undefined || target === undefined || constraint?.contype !== 'CONSTR_UNIQUE') return undefined
    const found = uniqueRewrite(sourceOf(current.statement), constraint, {
      table: target.key,
      relation: target.relation,
      catalog: current.before,
    })
    if (found === undefined) return undefined
    return {
      takes: 1,
      steps: writeSteps(found.drafts, current.before, options),
      checks: checksAt({ judged, at, options, reads: [found.reads] }, found.check),
    }
  },
}
