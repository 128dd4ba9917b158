import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { rewriteRows, whyNotRows } from './_rows.ts'

const words = { verb: 'delete from', undone: 'rows were deleted' }

/** Conditions over the row itself and constants only (H7); now() is the start of the run for all rows. */
export const backfillDelete: Rewrite<PgNode> = {
  id: 'backfill-delete',
  why: 'One DELETE of many rows keeps each of them locked until its end, and its dead rows cannot be cleaned up meanwhile. In batches of some milliseconds nobody notices it.',
  source: 'measured: pgfacts B (one UPDATE of 2 million rows: queries waited up to 22 s; in batches: 12 ms)',
  match(judged, at, options) {
    const current = judged[at]
    return current === undefined || current.statement.kind !== 'DeleteStmt' ? undefined : rewriteRows(current, options, words)
  },
  whyNot(judged, at) {
    const current = judged[at]
    return current === undefined || current.statement.kind !== 'DeleteStmt' ? undefined : whyNotRows(current)
  },
}
