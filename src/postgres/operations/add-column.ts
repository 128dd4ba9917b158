import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { reshapeRewrite, whyNotReshapeAt } from './_reshape-steps.ts'
import { alterTarget } from '../rewrites/_target.ts'

/** With the columns that go in the same migration, where one is split in several, or several become one. */
export const addColumn: Rewrite<PgNode> = {
  id: 'add-column',
  why: 'The running application does not know the new column. A trigger fills it by what the user says that it holds, and the old columns by the new ones, until the running application is gone.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured: pgfacts D',
  gives: true,
  match(judged, at, options) {
    return isOne(judged[at]) ? reshapeRewrite(judged, at, options) : undefined
  },
  whyNot(judged, at) {
    return isOne(judged[at]) ? whyNotReshapeAt(judged, at) : undefined
  },
}

function isOne(judged: Parameters<typeof alterTarget>[0] | undefined): boolean {
  return judged !== undefined && alterTarget(judged, 'AT_AddColumn') !== undefined
}
