import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { checksAt } from './_checks.ts'
import { constraintName, constraintOf, isChecked } from './_constraint.ts'
import { foreignKeyRewrite } from './_foreign-key.ts'
import { sourceOf, textOfTokens, wordAt } from '../source.ts'
import { writeSteps } from './_step.ts'
import { alterTarget } from './_target.ts'

/** On a partitioned table the server can do it from 18 on. */
export const addForeignKeyNotValid: Rewrite<PgNode> = {
  id: 'add-foreign-key-not-valid',
  why: 'ADD FOREIGN KEY reads both tables while it holds SHARE ROW EXCLUSIVE on both, so writes to both wait. NOT VALID takes the locks for an instant; VALIDATE reads with nobody waiting.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT; measured: ADD FK is SHARE ROW EXCLUSIVE on 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const target = current === undefined ? undefined : alterTarget(current, 'AT_AddConstraint')
    const written = constraintOf(target?.action.def)
    if (current === undefined || target === undefined || written?.contype !== 'CONSTR_FOREIGN' || !isChecked(written)) return undefined
    const { key: table, relation } = target
    const source = sourceOf(current.statement)
    const name = constraintName(written, { catalog: current.before, relation })
    const plan = { table, name, body: textOfTokens(source, wordAt(source, 'foreign', 1) ?? 0), node: written }
    const found = foreignKeyRewrite(plan, relation, current.before)
    if (found === undefined) return undefined
    return {
      takes: 1,
      steps: writeSteps(found.drafts, current.before, options),
      checks: checksAt({ judged, at, options, reads: found.reads }, found.check),
    }
  },
}
