import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { rewriteRows, whyNotRows, type RowWords } from './_rows.ts'
import { rowChange, type RowChange } from './_update.ts'

/** Expressions over the row itself and constants only (H7); now() is the start of the run for all rows. */
export const backfillUpdate: Rewrite<PgNode> = {
  id: 'backfill-update',
  why: 'One UPDATE of a whole table keeps every row locked until its end, and its dead rows cannot be cleaned up meanwhile. In batches of some milliseconds nobody notices it.',
  source: 'measured: pgfacts B (one UPDATE of 2 million rows: queries waited up to 22 s; in batches: 12 ms)',
  match(judged, at, options) {
    const current = judged[at]
    const change = current?.statement.kind === 'UpdateStmt' ? rowChange(current) : undefined
    return current === undefined || change === undefined ? undefined : rewriteRows({ current, change, words: wordsOf(change) }, options)
  },
  whyNot(judged, at) {
    const current = judged[at]
    return current?.statement.kind === 'UpdateStmt' ? whyNotRows(current, rowChange(current)) : undefined
  },
}

function wordsOf({ table, relation }: RowChange): RowWords {
  const undo = { kind: 'forward-only', why: 'rows were changed, and nothing keeps what they held before' } as const
  return { id: `update-${relation.name}`, title: `update ${table}`, undo }
}
