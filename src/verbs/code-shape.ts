import * as v from 'valibot'
import type { Backfill } from '../backfill/define-backfill.ts'
import { invalid } from '../plan/code-work.ts'

const text = v.pipe(v.string(), v.nonEmpty())
const names = v.pipe(v.array(text), v.minLength(1))
const count = v.pipe(v.number(), v.integer(), v.minValue(1))
const shape = v.strictObject({
  table: text,
  key: v.optional(names),
  where: v.optional(text),
  done: v.optional(v.picklist(['no-longer-matches', 'each-once'])),
  columns: v.optional(names),
  batch: v.optional(v.pipe(count, v.maxValue(50_000))),
  concurrency: v.optional(v.pipe(count, v.maxValue(64))),
  timeoutMs: v.optional(v.pipe(count, v.maxValue(3_600_000))),
  run: v.function(),
  verify: v.optional(text),
})

const forms: { readonly [key: string]: string } = {
  table: 'the name of a table, such as "orders" or "app.orders"',
  key: 'a list of column names',
  where: 'an SQL condition',
  done: '"no-longer-matches" or "each-once"',
  columns: 'a list of column names',
  batch: 'a whole number from 1 to 50000',
  concurrency: 'a whole number from 1 to 64',
  timeoutMs: 'milliseconds, from 1 to 3600000',
  run: 'a function: async run(rows, tx) { ... }',
  verify: 'an SQL query',
}

/** Throws `backfill-invalid` naming the first key that is wrong and what it wants. */
export function validateBackfill(where: string, value: unknown): Backfill {
  const result = v.safeParse(shape, value)
  if (!result.success) {
    const key = v.getDotPath(result.issues[0])?.split('.')[0] ?? ''
    throw invalid(where, key, faultOf(key))
  }
  const backfill = value as Backfill
  if (backfill.done === 'no-longer-matches' && backfill.where === undefined)
    throw invalid(where, 'done', 'needs "where": without a condition every row matches for ever')
  return backfill
}

function faultOf(key: string): string {
  if (key === '') return 'it is not what defineBackfill gives'
  const form = forms[key]
  return form === undefined ? `there is no such key; the keys are ${Object.keys(forms).join(', ')}` : `must be ${form}`
}
