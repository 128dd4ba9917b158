import type { Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { DataCheck } from '../../model/plan.ts'
import type { RewriteOptions } from '../../model/rewrite.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { primaryKeyOf } from './_target.ts'

const { name: quoted } = postgresDialect

/** Where in the migration a check belongs, and what it reads. */
export interface CheckPlace {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
  readonly reads: readonly { readonly relation: string; readonly columns: readonly string[] }[]
}

export type CheckText = Omit<DataCheck, 'before'>

/**
 * The check with the moment at which it can be made; none where the columns are made by this migration itself, or where an
 * earlier statement of it writes to the table: what stands there now says nothing then.
 */
export function checksAt(place: CheckPlace, check: CheckText | undefined): readonly DataCheck[] {
  const { judged, at, options, reads } = place
  const start = judged[0]?.before
  if (check === undefined || start === undefined || !reads.every((read) => isIn(start.relations, read))) return []
  if (judged.slice(0, at).some((earlier) => reads.some(({ relation }) => mayWrite(earlier, relation)))) return []
  return [{ ...check, before: reads.every((read) => isIn(options.physical.relations, read)) ? 'run' : 'migration' }]
}

function isIn(relations: ReadonlyMap<string, Relation>, { relation, columns }: CheckPlace['reads'][number]): boolean {
  const found = relations.get(relation)
  return found !== undefined && !found.isNew && columns.every((name) => found.columns.some((column) => column.name === name))
}

// A DO block, a CALL or a SELECT of a function may write anywhere.
function mayWrite({ statement, facts }: Judged<PgNode>, relation: string): boolean {
  if (['DoStmt', 'CallStmt', 'SelectStmt'].includes(statement.kind)) return true
  const lock = facts.locks.find((candidate) => candidate.relation === relation)
  return lock !== undefined && (lock.mode === 'ROW EXCLUSIVE' || statement.kind === 'TruncateStmt')
}

/** Rows that share their key; NULLs differ from each other unless the index says otherwise. */
export function duplicateCheck(
  table: string,
  keys: readonly string[],
  how: { readonly where?: string; readonly nullsEqual: boolean },
): CheckText {
  const columns = keys.join(', ')
  const conditions = [
    ...(how.where === undefined ? [] : [`(${how.where}\n)`]),
    ...(how.nullsEqual ? [] : keys.map((key) => `(${key}) IS NOT NULL`)),
  ]
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`
  const names = keys.map((key, at) => `${key} AS ${quoted(`key${at + 1}`)}`)
  return {
    id: `duplicates-${table}`,
    title: `no two rows of ${table} are equal in (${columns})`,
    sql: `SELECT ${names.join(', ')}, count(*) AS ${quoted('rows')} FROM ${table}${where} GROUP BY ${keys.map((_, at) => at + 1).join(', ')} HAVING count(*) > 1 LIMIT 5`,
    failure: `${table} has duplicate values in (${columns})`,
    hint: `Remove or change the duplicates in ${table}, then run again.`,
  }
}

/** Rows without a value. */
export function nullCheck(table: string, relation: Relation, column: string): CheckText {
  return {
    id: `nulls-${table}.${quoted(column)}`,
    title: `no row of ${table} is NULL in ${quoted(column)}`,
    sql: `SELECT ${rowName(relation)} FROM ${table} WHERE ${quoted(column)} IS NULL LIMIT 5`,
    failure: `${table} has rows that are NULL in ${quoted(column)}, and nothing in the migration fills them`,
    hint: `Give the column a DEFAULT in the same migration, or fill it first: UPDATE ${table} SET ${quoted(column)} = ... WHERE ${quoted(column)} IS NULL.`,
  }
}

/** Rows for which the value that the user gives is NULL, in a column that takes none. */
export function valueCheck({ table, relation, column, where }: ValuePlace): CheckText {
  return {
    id: `values-${table}.${quoted(column)}`,
    title: `every row of ${table} gets a value in ${quoted(column)}`,
    sql: `SELECT ${rowName(relation)} FROM ${table} WHERE ${where} LIMIT 5`,
    failure: `${table} has rows for which the up of ${quoted(column)} gives NULL, and the column is to be NOT NULL`,
    hint: 'Let the expression give a value for them too, for example with coalesce(..., ...), or mend the rows.',
  }
}

interface ValuePlace {
  readonly table: string
  readonly relation: Relation
  readonly column: string
  /** Which rows lack one. */
  readonly where: string
}

/** Rows for which the condition is false; NULL passes a CHECK. */
export function violationCheck(table: string, relation: Relation, condition: string): CheckText {
  return {
    id: `violations-${table}`,
    title: `every row of ${table} meets CHECK (${oneLine(condition)})`,
    sql: `SELECT ${rowName(relation)} FROM ${table} WHERE NOT (${condition}\n) LIMIT 5`,
    failure: `${table} has rows that violate CHECK (${oneLine(condition)})`,
    hint: `Mend the rows of ${table} that the check refuses, then run again.`,
  }
}

export interface Reference {
  readonly table: string
  readonly relation: Relation
  readonly columns: readonly string[]
  readonly references: string
  readonly referencedColumns: readonly string[]
  readonly full: boolean
}

/** Rows that refer to a row that is not there. */
export function orphanCheck(reference: Reference): CheckText {
  const { table, references, columns, referencedColumns } = reference
  const pairs = columns.map((column, at) => `parent.${quoted(referencedColumns[at] ?? column)} = child.${quoted(column)}`)
  const list = columns.map((column) => quoted(column)).join(', ')
  return {
    id: `orphans-${table}-${columns.join('-')}`,
    title: `every row of ${table} refers to a row of ${references} by (${list})`,
    sql:
      `SELECT ${rowName(reference.relation, 'child.')}, ${columns.map((column) => `child.${quoted(column)}`).join(', ')} FROM ${table} AS child ` +
      `WHERE ${refers(columns, reference.full)} AND NOT EXISTS (SELECT FROM ${references} AS parent WHERE ${pairs.join(' AND ')}) LIMIT 5`,
    failure: `${table} has rows whose (${list}) is not in ${references}`,
    hint: `Delete or mend the rows of ${table} that refer to nothing, then run again.`,
  }
}

// MATCH SIMPLE lets a row with any NULL pass, MATCH FULL only one of NULLs alone.
function refers(columns: readonly string[], full: boolean): string {
  const present = columns.map((column) => `child.${quoted(column)} IS NOT NULL`)
  return full ? `(${present.join(' OR ')})` : present.join(' AND ')
}

function rowName(relation: Relation, prefix = ''): string {
  const key = primaryKeyOf(relation)
  return key.length === 0 ? `${prefix}ctid` : key.map((column) => `${prefix}${quoted(column)}`).join(', ')
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}
