import type { Constraint, Fault, Fields, Operation } from './_pgroll-fields.ts'
import { holdsQuery, rowExpression } from './_pgroll-expression.ts'

/** What pgroll itself refuses though each field is as it must be, and what no plain SQL can say. */
export function faultOf(operation: Operation, isAlone: boolean): Fault | undefined {
  switch (operation.name) {
    case 'create_table':
      return incomplete(operation.fields.constraints ?? [], ['constraints'])
    case 'add_column':
      return faultOfColumn(operation.fields)
    case 'alter_column':
      return faultOfChange(operation.fields)
    case 'create_constraint':
      return faultOfConstraint(operation.fields)
    case 'drop_constraint':
      return faultOfDrop(operation.fields)
    case 'set_replica_identity':
      return faultOfIdentity(operation.fields)
    case 'sql':
      return faultOfSql(operation.fields, isAlone)
    case 'rename_table':
    case 'drop_table':
    case 'drop_column':
    case 'rename_column':
    case 'create_index':
    case 'drop_index':
    case 'drop_multicolumn_constraint':
    case 'rename_constraint':
      return undefined
  }
}

function faultOfColumn({ column, up = '' }: Fields<'add_column'>): Fault | undefined {
  if (column.pk === true) return { path: ['column', 'pk'], what: 'is refused by pgroll: a column of a primary key cannot be added' }
  if (column.generated !== undefined) return { path: ['column', 'generated'], what: 'is refused by pgroll for a column that is added' }
  const needsUp = column.nullable !== true && column.default === undefined && up === '' && !/^(?:small|big)?serial$/.test(column.type)
  return needsUp ? { path: ['up'], what: 'is missing: the column is NOT NULL and has no default, so rows need a value' } : undefined
}

const changes = ['type', 'nullable', 'default', 'comment', 'check', 'references', 'unique'] as const

function faultOfChange(fields: Fields<'alter_column'>): Fault | undefined {
  if (changes.every((change) => fields[change] === undefined)) return { path: [], what: 'changes nothing' }
  if (fields.type === undefined || !holdsQuery(rowExpression(fields.up ?? ''))) return undefined
  return { path: ['up'], what: 'holds a query, and a change of type can only use what stands in the row' }
}

function faultOfConstraint(fields: Fields<'create_constraint'>): Fault | undefined {
  const [missing] = (fields.columns ?? []).filter((column) => fields.up[column] === undefined)
  if (missing !== undefined) return { path: ['up', missing], what: 'is missing' }
  return incomplete([fields], [])
}

type Described = Pick<Constraint, 'type' | 'columns' | 'check' | 'references'> & { readonly exclude?: Constraint['exclude'] }

function incomplete(constraints: readonly Described[], path: readonly string[]): Fault | undefined {
  for (const [at, constraint] of constraints.entries()) {
    const [missing] = needs[constraint.type].filter((field) => constraint[field] === undefined)
    if (missing !== undefined) return { path: [...path, ...(path.length === 0 ? [] : [at]), missing], what: 'is missing' }
  }
  return undefined
}

const needs = {
  unique: ['columns'],
  primary_key: ['columns'],
  check: ['check'],
  foreign_key: ['columns', 'references'],
  exclude: ['exclude'],
} as const satisfies { readonly [type in Constraint['type']]: readonly (keyof Described)[] }

/** It does not name its column, so a new value for it could not be written anywhere. */
function faultOfDrop({ up = '' }: Fields<'drop_constraint'>): Fault | undefined {
  if (up === '' || /^\s*\(?\s*(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*\)?\s*$/u.test(up)) return undefined
  return { path: ['up'], what: 'changes the column, whose name only the database knows: use drop_multicolumn_constraint' }
}

function faultOfIdentity({ identity }: Fields<'set_replica_identity'>): Fault | undefined {
  if (!/^(?:nothing|full|default|index)$/i.test(identity.type))
    return { path: ['identity', 'type'], what: 'must be nothing, full, default or index' }
  const isMissing = /^index$/i.test(identity.type) && (identity.index ?? '') === ''
  return isMissing ? { path: ['identity', 'index'], what: 'is missing' } : undefined
}

function faultOfSql({ down = '', onComplete = false }: Fields<'sql'>, isAlone: boolean): Fault | undefined {
  if (onComplete && down !== '') return { path: ['down'], what: 'is refused by pgroll beside onComplete' }
  return isAlone || onComplete ? undefined : { path: [], what: 'must be alone in its file, or say onComplete' }
}
