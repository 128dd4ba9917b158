import type { Row } from '../model/session.ts'
import type { Reading, ThrottleKind } from '../model/throttle.ts'
import { queryText, readUserRows } from './_read.ts'
import { limitOf, oneLine } from './_text.ts'

/**
 * A query of your own that gives one row: it holds while the first column is true, or a number of 1 or more; the second, if any, says why. It runs
 * in a read-only transaction, ends after 2 s at the latest, and needs the rights that it needs.
 */
export const query: ThrottleKind = {
  id: 'query',
  summary: 'a query of your own gives true, or 1 and more',
  example: "select count(*) > 100, 'queue is long' from jobs",
  open(value, context) {
    const sql = limitOf(query, value, queryText)
    return { id: query.id, everyMs: 1_000, read: async () => judge((await readUserRows(context, sql, '("load")')).rows) }
  },
}

function judge(rows: readonly Row[]): Reading {
  const [row, ...more] = rows
  if (row === undefined || more.length > 0) throw new Error(`the query gave ${rows.length} rows; it must give one`)
  const load = loadOf(row['load'])
  const [why] = Object.entries(row).flatMap(([name, value]) => (name !== 'load' && typeof value === 'string' ? [value] : []))
  return { load, reason: oneLine(why ?? `the query gave ${String(row['load'] === true || row['load'] === false ? row['load'] : load)}`) }
}

/** numeric and int8 do not come as numbers. NULL is no answer: it must not let go. */
function loadOf(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  const load = typeof value === 'string' && value.trim() === '' ? Number.NaN : Number(value ?? Number.NaN)
  if (Number.isNaN(load)) throw new Error(`the query's first column is ${oneLine(String(value))}; it must be a boolean or a number`)
  return load
}
