import type { Direction, GivenValue } from '../model/up-down.ts'
import type { Fields, Operation } from './_pgroll-fields.ts'
import { isColumn, rowExpression } from './_pgroll-expression.ts'

/** Where an operation stands. */
export interface Place {
  readonly file: string
  /** 1-based. */
  readonly line: number
}

/**
 * What an operation says that columns hold in either version. A column that means the same to both is changed in place: of it nothing is said.
 */
export function valuesOf(operation: Operation, place: Place): readonly GivenValue[] {
  switch (operation.name) {
    case 'add_column': {
      const { column, up = '' } = operation.fields
      return up === column.default ? [] : valuesFor(column.name, { up }, place)
    }
    case 'drop_column':
      return valuesFor(operation.fields.column, { down: operation.fields.down }, place)
    case 'alter_column':
      return ofChange(operation.fields, place)
    case 'create_constraint':
    case 'drop_multicolumn_constraint':
      return ofConstraint(operation.fields, place)
    case 'drop_constraint':
      return ofDropped(operation.fields, place)
    case 'create_table':
    case 'rename_table':
    case 'drop_table':
    case 'rename_column':
    case 'create_index':
    case 'drop_index':
    case 'rename_constraint':
    case 'set_replica_identity':
    case 'sql':
      return []
  }
}

type Both = { readonly [direction in Direction]?: string | undefined }

function valuesFor(column: string, { up = '', down = '' }: Both, place: Place): readonly GivenValue[] {
  const name = `"${column.replaceAll('"', '""')}"`
  const value = (direction: Direction, sql: string): readonly GivenValue[] =>
    sql === '' ? [] : [{ direction, name, sql: rowExpression(sql), byVersion: true, ...place }]
  return [...value('up', up), ...value('down', down)]
}

/** Another type is another meaning, whatever is said of it. */
function ofChange({ table: _table, column, type, up = '', down = '' }: Fields<'alter_column'>, place: Place): readonly GivenValue[] {
  if (type === undefined) return isSame(column, { up, down }) ? [] : valuesFor(column, { up, down }, place)
  return up === '' && down === ''
    ? valuesFor(column, { down: `"${column.replaceAll('"', '""')}"` }, place)
    : valuesFor(column, { up, down }, place)
}

function isSame(column: string, { up = '', down = '' }: Both): boolean {
  return [up, down].every((value) => value === '' || isColumn(rowExpression(value), column))
}

interface ByColumn {
  readonly up?: { readonly [column: string]: string } | undefined
  readonly down: { readonly [column: string]: string }
}

/** All columns of the constraint that mean something else to each version stand twice together. */
function ofConstraint({ up = {}, down }: ByColumn, place: Place): readonly GivenValue[] {
  const columns = [...new Set([...Object.keys(up), ...Object.keys(down)])]
  return columns.flatMap((column) => {
    const both = { up: up[column], down: down[column] }
    return isSame(column, both) ? [] : valuesFor(column, both, place)
  })
}

/** The column is the only one of the constraint, whose name only the database knows. */
function ofDropped({ down = '' }: Fields<'drop_constraint'>, place: Place): readonly GivenValue[] {
  const isPlain = /^\s*(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)?\s*$/u.test(rowExpression(down))
  return isPlain ? [] : [{ direction: 'down', name: '*', sql: rowExpression(down), byVersion: true, ...place }]
}
