import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'

/** An UPDATE that gives rows what the trigger and the backfill of an operation give them; on a table that the run itself makes, it is run. */
export const leaveOutFilled: Rewrite<PgNode> = {
  id: 'leave-out-filled',
  why: 'The rows have their value from the backfill of the operation, and an UPDATE of them would change what the old version of the application reads.',
  source: 'docs/adr/0017-version-schemas.md',
  match(judged, at, { versions }) {
    const one = judged[at]
    if (versions === undefined || one?.statement.fills !== true || one.upDown !== undefined) return undefined
    const isNew = one.facts.locks.every(({ relation }) => one.before.relations.get(relation)?.isNew !== false)
    return isNew ? undefined : { takes: 1, steps: [], checks: [], gives: true }
  },
}
