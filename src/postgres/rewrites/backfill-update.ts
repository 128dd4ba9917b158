import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { rewriteRows, whyNotRows } from './_rows.ts'

const words = { verb: 'update', undone: 'rows were changed, and nothing keeps what they held before' }

/** Expressions over the row itself and constants only (H7); now() is the start of the run for all rows. */
export const backfillUpdate: Rewrite<PgNode> = {
  id: 'backfill-update',
  why: 'One UPDATE of a whole table keeps every row locked until its end, and its dead rows cannot be cleaned up meanwhile. In batches of some milliseconds nobody notices it.',
  source: 'measured: pgfacts B (one UPDATE of 2 million rows: queries waited up to 22 s; in batches: 12 ms)',
  match(judged, at, options) {
    const current = judged[at]
    return current === undefined || current.statement.kind !== 'UpdateStmt' ? undefined : rewriteRows(current, options, words)
  },
  whyNot(judged, at) {
    const current = judged[at]
    return current === undefined || current.statement.kind !== 'UpdateStmt' ? undefined : whyNotRows(current)
  },
}
