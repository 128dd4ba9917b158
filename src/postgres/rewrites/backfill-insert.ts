import type { Rewrite } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { rowCopy, type RowCopy } from './_copy.ts'
import { rewriteRows, whyNotRows, type RowWords } from './_rows.ts'

/**
 * INSERT ... SELECT from one table, by an unchanging key of it. Copied is each row that is there when it begins; of those that come in
 * meanwhile, the ones whose key lies below the last key of then. One that is changed meanwhile is copied as it was before or after.
 */
export const backfillInsert: Rewrite<PgNode> = {
  id: 'backfill-insert',
  why: 'One INSERT ... SELECT of a whole table keeps its snapshot open until its end: dead rows of the whole database cannot be cleaned up meanwhile, whoever inserts one of its keys waits, and so does whoever deletes a row that it refers to. In batches of some milliseconds nobody notices it.',
  source:
    'measured: pgfacts B (an open snapshot made the updates beside it half as fast, with twice the WAL); https://www.postgresql.org/docs/current/index-unique-checks.html',
  match(judged, at, options) {
    const current = judged[at]
    const change = current?.statement.kind === 'InsertStmt' ? rowCopy(current) : undefined
    return current === undefined || change === undefined ? undefined : rewriteRows({ current, change, words: wordsOf(change) }, options)
  },
  whyNot(judged, at) {
    const current = judged[at]
    return current?.statement.kind === 'InsertStmt' ? whyNotRows(current, rowCopy(current)) : undefined
  },
}

function wordsOf({ table, target }: RowCopy): RowWords {
  // What is added to a table of this run goes with it.
  const undo = target.relation.isNew ? ({ kind: 'free' } as const) : ({ kind: 'forward-only', why: 'rows were added' } as const)
  return { id: `copy-into-${target.relation.name}`, title: `copy the rows that ${table} has at the start into ${target.key}`, undo }
}
