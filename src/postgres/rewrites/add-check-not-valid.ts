import type { Rewrite } from '../../model/rewrite.ts'
import { columnsIn } from '../tree.ts'
import type { PgNode } from '../node.ts'
import { checksAt, violationCheck } from './_checks.ts'
import { addedConstraint, constraintName, constraintOf, isChecked, uncheckedThenChecked } from './_constraint.ts'
import { expressionText, sourceOf, textOfTokens, wordAt } from '../source.ts'
import { writeSteps } from './_step.ts'
import { alterTarget } from './_target.ts'

export const addCheckNotValid: Rewrite<PgNode> = {
  id: 'add-check-not-valid',
  why: 'ADD CHECK reads the whole table under ACCESS EXCLUSIVE. NOT VALID holds it for an instant; VALIDATE reads with nobody waiting.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-VALIDATE-CONSTRAINT; measured: pgfacts A.3, 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const target = current === undefined ? undefined : alterTarget(current, 'AT_AddConstraint')
    const written = constraintOf(target?.action.def)
    if (current === undefined || target === undefined || written?.contype !== 'CONSTR_CHECK' || !isChecked(written)) return undefined
    const { key: table, relation } = target
    const source = sourceOf(current.statement)
    const name = constraintName(written, { catalog: current.before, relation })
    const plan = { table, name, body: textOfTokens(source, wordAt(source, 'check') ?? 0), node: written }
    const drafts = uncheckedThenChecked(plan, { what: 'check', locked: 'the table locked for an instant' })
    if (drafts === undefined) return undefined
    const condition = expressionText(source, addedConstraint(source)?.raw_expr)
    const check = condition === undefined ? undefined : violationCheck(table, relation, condition)
    const reads = [{ relation: table, columns: columnsIn(written.raw_expr) }]
    return { takes: 1, steps: writeSteps(drafts, current.before, options), checks: checksAt({ judged, at, options, reads }, check) }
  },
}
