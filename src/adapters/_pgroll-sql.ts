import type { Dialect } from '../model/dialect.ts'
import type { Fields, Operation } from './_pgroll-fields.ts'
import { checkClause, columnClause, columnConstraints, constraintClause, list, parts, referencesClause } from './_pgroll-clauses.ts'
import { rowExpression } from './_pgroll-expression.ts'
import { converted, updateRows } from './_pgroll-rows.ts'

/**
 * Plain SQL that ends where pgroll's start and complete end: the same names, types, defaults and constraints. Views of two versions and columns
 * that are kept beside each other are pgroll's way there, not ours.
 */
export function operationSql(dialect: Dialect, operation: Operation): readonly string[] {
  const { name } = dialect
  switch (operation.name) {
    case 'create_table':
      return createTable(dialect, operation.fields)
    case 'rename_table':
      return [`ALTER TABLE ${name(operation.fields.from)} RENAME TO ${name(operation.fields.to)}`]
    case 'drop_table':
      return [`DROP TABLE ${name(operation.fields.name)}`]
    case 'add_column':
      return addColumn(dialect, operation.fields)
    case 'drop_column':
      return [`ALTER TABLE ${name(operation.fields.table)} DROP COLUMN ${name(operation.fields.column)}`]
    case 'rename_column':
      return [`ALTER TABLE ${name(operation.fields.table)} RENAME COLUMN ${fromTo(dialect, operation.fields)}`]
    case 'alter_column':
      return alterColumn(dialect, operation.fields)
    case 'create_index':
      return [createIndex(dialect, operation.fields)]
    case 'drop_index':
      return [`DROP INDEX ${name(operation.fields.name)}`]
    case 'create_constraint':
      return createConstraint(dialect, operation.fields)
    case 'drop_constraint':
      return dropConstraint(dialect, operation.fields, [])
    case 'drop_multicolumn_constraint':
      return dropConstraint(dialect, operation.fields, Object.entries(operation.fields.up ?? {}))
    case 'rename_constraint':
      return [`ALTER TABLE ${name(operation.fields.table)} RENAME CONSTRAINT ${fromTo(dialect, operation.fields)}`]
    case 'set_replica_identity':
      return [`ALTER TABLE ${name(operation.fields.table)} REPLICA IDENTITY ${identity(dialect, operation.fields)}`]
    case 'sql':
      return [operation.fields.up]
  }
}

function fromTo({ name }: Dialect, { from, to }: { readonly from: string; readonly to: string }): string {
  return `${name(from)} TO ${name(to)}`
}

function createTable(dialect: Dialect, { name: table, columns, constraints = [], comment }: Fields<'create_table'>): readonly string[] {
  const key = columns.filter((column) => column.pk === true).map((column) => column.name)
  const lines = [
    ...columns.map((column) => columnClause(dialect, column)),
    ...(key.length === 0 ? [] : [`PRIMARY KEY ${list(dialect, key)}`]),
    ...columns.flatMap((column) => columnConstraints(dialect, column)),
    ...constraints.map((constraint) => constraintClause(dialect, constraint)),
  ]
  return [
    `CREATE TABLE ${dialect.name(table)} (\n  ${lines.join(',\n  ')}\n)`,
    ...columns.flatMap((column) => (column.comment === undefined ? [] : [commentOn(dialect, [table, column.name], column.comment)])),
    ...(comment === undefined ? [] : [`COMMENT ON TABLE ${dialect.name(table)} IS ${dialect.literal(comment)}`]),
  ]
}

/** Rows get `up`, as pgroll's triggers and backfill give it to them; a DEFAULT that needs no `up` comes with the column. */
function addColumn(dialect: Dialect, { table, column, up }: Fields<'add_column'>): readonly string[] {
  const { name } = dialect
  const [alter, own] = [`ALTER TABLE ${name(table)}`, name(column.name)]
  const add = (clause: string): string => `${alter} ADD ${clause}`
  return [
    ...(up === undefined || up === '' || up === column.default
      ? [`${alter} ADD COLUMN ${columnClause(dialect, column)}`]
      : filledColumn(dialect, { table, column, up })),
    ...(column.comment === undefined ? [] : [commentOn(dialect, [table, column.name], column.comment)]),
    ...(column.check === undefined ? [] : [add(checkClause(dialect, column.check))]),
    ...(column.references === undefined ? [] : [add(referencesClause(dialect, column.name, column.references))]),
    // pgroll gives the constraint the name of the column.
    ...(column.unique === true ? [add(`CONSTRAINT ${own} UNIQUE (${own})`)] : []),
  ]
}

function filledColumn(dialect: Dialect, { table, column, up }: Fields<'add_column'> & { readonly up: string }): readonly string[] {
  const [alter, own] = [`ALTER TABLE ${dialect.name(table)}`, dialect.name(column.name)]
  const { default: value, ...plain } = column
  return [
    `${alter} ADD COLUMN ${columnClause(dialect, { ...plain, nullable: true })}`,
    ...(value === undefined ? [] : [`${alter} ALTER COLUMN ${own} SET DEFAULT ${value}`]),
    `UPDATE ${dialect.name(table)} SET ${own} = ${rowExpression(up)} WHERE ${own} IS NULL`,
    ...(column.nullable === true ? [] : [`${alter} ALTER COLUMN ${own} SET NOT NULL`]),
  ]
}

/** pgroll makes the column a second time for every change; all but the type have a way in place. */
function alterColumn(dialect: Dialect, fields: Fields<'alter_column'>): readonly string[] {
  const { table, column, check, references, unique } = fields
  const alter = `ALTER TABLE ${dialect.name(table)}`
  const set = (what: string): string => `${alter} ALTER COLUMN ${dialect.name(column)} ${what}`
  return [
    ...(fields.nullable === true ? [set('DROP NOT NULL')] : []),
    ...changedRows(dialect, fields).map((change) => (change.kind === 'type' ? set(change.sql) : change.sql)),
    ...(typeof fields.default === 'string' ? [set(`SET DEFAULT ${fields.default}`)] : []),
    ...(fields.default === null && fields.type === undefined ? [set('DROP DEFAULT')] : []),
    ...(fields.nullable === false ? [set('SET NOT NULL')] : []),
    ...(check === undefined ? [] : [`${alter} ADD ${checkClause(dialect, check)}`]),
    ...(references === undefined ? [] : [`${alter} ADD ${referencesClause(dialect, column, references)}`]),
    ...(unique === undefined ? [] : [`${alter} ADD CONSTRAINT ${dialect.name(unique.name)} UNIQUE ${list(dialect, [column])}`]),
    ...(fields.comment === undefined ? [] : [commentOn(dialect, [table, column], fields.comment)]),
  ]
}

type RowsChanged = { readonly kind: 'type' | 'rows'; readonly sql: string }

function changedRows(dialect: Dialect, fields: Fields<'alter_column'>): readonly RowsChanged[] {
  const { table, column, type, up = '' } = fields
  if (type !== undefined) {
    // An old DEFAULT may have no cast to the new type; a new one follows.
    const free = fields.default === undefined ? [] : [{ kind: 'type', sql: 'DROP DEFAULT' } as const]
    return [...free, { kind: 'type', sql: parts(`TYPE ${type}`, up === '' ? undefined : `USING ${converted(up, type)}`) }]
  }
  const ups = [[column, up]] as const
  return updateRows(dialect, { table, ups, fillsOnly: fields.nullable === false }).map((sql) => ({ kind: 'rows', sql }))
}

function createIndex(dialect: Dialect, index: Fields<'create_index'>): string {
  const { method = '', storage_parameters: storage = '', predicate = '' } = index
  const columns = index.columns.map(({ column, collate = '', opclass, sort, nulls }) =>
    parts(
      dialect.name(column),
      collate === '' ? undefined : `COLLATE ${collate}`,
      operatorClass(opclass),
      sort,
      nulls === undefined ? undefined : `NULLS ${nulls}`,
    ),
  )
  return parts(
    index.unique === true ? 'CREATE UNIQUE INDEX' : 'CREATE INDEX',
    `${dialect.name(index.name)} ON ${dialect.name(index.table)}`,
    method === '' ? undefined : `USING ${method}`,
    `(${columns.join(', ')})`,
    storage === '' ? undefined : `WITH (${storage})`,
    predicate === '' ? undefined : `WHERE ${predicate}`,
  )
}

function operatorClass(given: Fields<'create_index'>['columns'][number]['opclass']): string | undefined {
  const { name = '', params = [] } = given ?? {}
  return name === '' ? undefined : parts(name, params.length === 0 ? undefined : `(${params.join(', ')})`)
}

function createConstraint(dialect: Dialect, fields: Fields<'create_constraint'>): readonly string[] {
  const { table, up, columns = [] } = fields
  const ups = columns.map((column) => [column, up[column] ?? ''] as const)
  return [...updateRows(dialect, { table, ups }), `ALTER TABLE ${dialect.name(table)} ADD ${constraintClause(dialect, fields)}`]
}

function dropConstraint(
  dialect: Dialect,
  { table, name }: { readonly table: string; readonly name: string },
  ups: readonly (readonly [string, string])[],
): readonly string[] {
  return [`ALTER TABLE ${dialect.name(table)} DROP CONSTRAINT ${dialect.name(name)}`, ...updateRows(dialect, { table, ups })]
}

function identity(dialect: Dialect, { identity: { type, index = '' } }: Fields<'set_replica_identity'>): string {
  return /^index$/i.test(type) ? `USING INDEX ${dialect.name(index)}` : type.toUpperCase()
}

function commentOn(dialect: Dialect, [table, column]: readonly [string, string], comment: string | null): string {
  return `COMMENT ON COLUMN ${dialect.name(table, column)} IS ${dialect.literal(comment)}`
}
