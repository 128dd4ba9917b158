import type { Dialect } from '../model/dialect.ts'
import type { Check, Column, Constraint, References } from './_pgroll-fields.ts'

/** A column inside CREATE TABLE; its place in a primary key stands with the table. */
export function columnClause({ name }: Dialect, column: Column): string {
  return parts(
    `${name(column.name)} ${column.type}`,
    column.nullable === true ? undefined : 'NOT NULL',
    column.default === undefined ? undefined : `DEFAULT ${column.default}`,
    generated(column.generated),
  )
}

function generated(how: Column['generated']): string | undefined {
  if (how?.identity !== undefined) {
    const { user_specified_values: values = 'ALWAYS', sequence_options: options } = how.identity
    return parts(`GENERATED ${values} AS IDENTITY`, options === undefined || options === '' ? undefined : `(${options})`)
  }
  return how?.expression === undefined ? undefined : `GENERATED ALWAYS AS (${how.expression}) STORED`
}

/** The constraints that pgroll writes beside a column of a new table: unique, references, check. */
export function columnConstraints(dialect: Dialect, column: Column): readonly string[] {
  const unique = column.unique === true ? [`UNIQUE (${dialect.name(column.name)})`] : []
  return [
    ...unique,
    ...(column.references === undefined ? [] : [referencesClause(dialect, column.name, column.references)]),
    ...(column.check === undefined ? [] : [checkClause(dialect, column.check)]),
  ]
}

export function checkClause({ name }: Dialect, check: Check): string {
  return parts(`CONSTRAINT ${name(check.name)} CHECK (${check.constraint})`, check.no_inherit === true ? 'NO INHERIT' : undefined)
}

export function referencesClause(dialect: Dialect, column: string, { name, table, column: other, ...rest }: References): string {
  return parts(
    `CONSTRAINT ${dialect.name(name)} FOREIGN KEY (${dialect.name(column)})`,
    `REFERENCES ${dialect.name(table)} (${dialect.name(other)})`,
    actions(rest),
    deferral(rest),
  )
}

/** A constraint of its own, of create_table or of create_constraint. */
export function constraintClause(dialect: Dialect, constraint: AnyConstraint & Pick<Constraint, 'name'>): string {
  return parts(`CONSTRAINT ${dialect.name(constraint.name)}`, body(dialect, constraint), deferral(constraint))
}

type AnyConstraint = Partial<Constraint> & Pick<Constraint, 'type'>

function body(dialect: Dialect, constraint: AnyConstraint): string {
  const columns = list(dialect, constraint.columns)
  switch (constraint.type) {
    case 'unique':
      return parts(
        'UNIQUE',
        constraint.nulls_not_distinct === true ? 'NULLS NOT DISTINCT' : undefined,
        columns,
        indexParameters(dialect, constraint),
      )
    case 'primary_key':
      return parts('PRIMARY KEY', columns, indexParameters(dialect, constraint))
    case 'check':
      return parts(`CHECK (${constraint.check ?? ''})`, constraint.no_inherit === true ? 'NO INHERIT' : undefined)
    case 'foreign_key':
      return parts('FOREIGN KEY', columns, foreignKey(dialect, constraint.references))
    case 'exclude':
      return exclusion(dialect, constraint)
  }
}

function foreignKey(dialect: Dialect, references: Constraint['references']): string {
  if (references === undefined) return 'REFERENCES'
  const { table, columns, on_delete_set_columns: set } = references
  return parts(
    `REFERENCES ${dialect.name(table)} ${list(dialect, columns)}`,
    actions(references, set === undefined ? '' : list(dialect, set)),
  )
}

function exclusion(dialect: Dialect, constraint: AnyConstraint): string {
  const { index_method: method = '', elements = '', predicate } = constraint.exclude ?? {}
  return parts(
    'EXCLUDE',
    method === '' ? undefined : `USING ${method}`,
    `(${elements})`,
    indexParameters(dialect, constraint),
    predicate === undefined || predicate === '' ? undefined : `WHERE (${predicate})`,
  )
}

function indexParameters(dialect: Dialect, { index_parameters: given }: AnyConstraint): string | undefined {
  const { include_columns: include = [], storage_parameters: storage = '', tablespace = '' } = given ?? {}
  return parts(
    include.length === 0 ? undefined : `INCLUDE ${list(dialect, include)}`,
    storage === '' ? undefined : `WITH (${storage})`,
    tablespace === '' ? undefined : `USING INDEX TABLESPACE ${dialect.name(tablespace)}`,
  )
}

type Actions = Pick<References, 'match_type' | 'on_delete' | 'on_update'>

function actions({ match_type: match = '', on_delete: onDelete = '', on_update: onUpdate = '' }: Actions, setColumns = ''): string {
  return parts(
    match === '' ? undefined : `MATCH ${match}`,
    onDelete === '' ? undefined : parts(`ON DELETE ${onDelete}`, setColumns),
    onUpdate === '' ? undefined : `ON UPDATE ${onUpdate}`,
  )
}

function deferral({ deferrable, initially_deferred: deferred }: Pick<References, 'deferrable' | 'initially_deferred'>): string | undefined {
  if (deferrable !== true && deferred !== true) return undefined
  return parts('DEFERRABLE', deferred === true ? 'INITIALLY DEFERRED' : undefined)
}

/** `(a, b)` */
export function list({ name }: Dialect, columns: readonly string[] = []): string {
  return `(${columns.map((column) => name(column)).join(', ')})`
}

/** Joined by a blank, without what is absent. */
export function parts(...given: readonly (string | undefined)[]): string {
  return given.filter((part) => part !== undefined && part !== '').join(' ')
}
