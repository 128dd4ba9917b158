import type { Rewrite } from '../../model/rewrite.ts'
import { addColumnRewrite } from './_add-column.ts'
import type { PgNode } from '../node.ts'

/** For a DEFAULT that gives another value for each row; its inline constraints are split off too. */
export const addColumnThenBackfill: Rewrite<PgNode> = {
  id: 'add-column-then-backfill',
  why: 'A volatile DEFAULT rewrites the table and all its indexes under ACCESS EXCLUSIVE. Added empty, with the DEFAULT for new rows, the column is filled batch by batch.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured: pgfacts A.1, 13 to 18',
  match: (judged, at, options) => addColumnRewrite({ judged, at, options, filled: true }),
}
