import type { Dialect } from '../model/dialect.ts'
import { inParentheses, isColumn, rowExpression } from './_pgroll-expression.ts'

export interface RowsUpdate {
  readonly table: string
  /** Column and its `up`; one that is the column itself, or empty, changes nothing. */
  readonly ups: readonly (readonly [string, string])[]
  /** The change is NOT NULL: where `up` gives back what is there, rows that have a value need none. */
  readonly fillsOnly?: boolean
}

/** One UPDATE that gives rows what pgroll's triggers and backfill would have given them. */
export function updateRows(dialect: Dialect, { table, ups, fillsOnly = false }: RowsUpdate): readonly string[] {
  const changed = ups.filter(([column, up]) => up !== '' && !isColumn(up, column))
  const [first] = changed
  if (first === undefined) return []
  const set = changed.map(([column, up]) => `${dialect.name(column)} = ${rowExpression(up)}`).join(', ')
  const where = fillsOnly && keepsValues(first[0], first[1]) ? ` WHERE ${dialect.name(first[0])} IS NULL` : ''
  return [`UPDATE ${dialect.name(table)} SET ${set}${where}`]
}

/** COALESCE(c, ...) and CASE WHEN c IS NULL THEN ... ELSE c END leave every value as it is. */
function keepsValues(column: string, up: string): boolean {
  const expression = rowExpression(up)
  const called = /^coalesce\s*(\([\s\S]*)$/i.exec(expression)?.[1]
  const coalesced = /^("[^"]+"|\w+)\s*,/.exec(inParentheses(called ?? '') ?? '')?.[1]
  const [, tested, kept] =
    /^case\s+when\s+("[^"]+"|\w+)\s+is\s+null\s+then\b(?:(?!\bwhen\b)[\s\S])*\belse\s+("[^"]+"|\w+)\s+end$/i.exec(expression) ?? []
  const isOwn = (name: string | undefined): boolean => name !== undefined && isColumn(name, column)
  return isOwn(coalesced) || (isOwn(tested) && isOwn(kept))
}

/**
 * `up` as what stands behind USING. A trigger converts by text where there is no cast, and so does CAST; but to a type with a length CAST cuts
 * off what a trigger refuses.
 */
export function converted(up: string, type: string): string {
  const expression = rowExpression(up)
  return /^\s*(?:"?char|varchar|bpchar|character|bit|varbit)\b.*\(|^\s*(?:text|varchar|character varying)\s*$/i.test(type)
    ? `(${expression})`
    : `CAST((${expression}) AS ${type})`
}
