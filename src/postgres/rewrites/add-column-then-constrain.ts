import type { Rewrite } from '../../model/rewrite.ts'
import { addColumnRewrite } from './_add-column.ts'
import type { PgNode } from '../node.ts'

/** Under the names that the server would have chosen. */
export const addColumnThenConstrain: Rewrite<PgNode> = {
  id: 'add-column-then-constrain',
  why: 'CHECK, REFERENCES with a DEFAULT, and UNIQUE beside ADD COLUMN read the table or build an index under ACCESS EXCLUSIVE. Added on their own they are checked with nobody waiting.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured: pgfacts A.1, 13 to 18',
  match: (judged, at, options) => addColumnRewrite({ judged, at, options, filled: false }),
}
