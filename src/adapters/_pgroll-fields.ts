import * as v from 'valibot'

// What pgroll 0.16 takes, field by field (its schema.json). It refuses what it does not know, and so do we: a misspelt field would be left out.
const name = v.pipe(v.string(), v.nonEmpty())
const text = v.string()
const flag = v.optional(v.boolean())
const maybe = v.optional(text)
const names = v.array(name)
const matching = { match_type: maybe, on_delete: maybe, on_update: maybe }

const check = v.strictObject({ name, constraint: name, no_inherit: flag })
const references = v.strictObject({ name, table: name, column: name, ...matching, deferrable: flag, initially_deferred: flag })
const identity = v.strictObject({ user_specified_values: maybe, sequence_options: maybe })
const column = v.strictObject({
  name,
  type: name,
  nullable: flag,
  pk: flag,
  unique: flag,
  default: maybe,
  comment: maybe,
  check: v.optional(check),
  references: v.optional(references),
  generated: v.optional(v.strictObject({ expression: maybe, identity: v.optional(identity) })),
})

const tableReferences = v.strictObject({ table: name, columns: names, ...matching, on_delete_set_columns: v.optional(names) })
const indexParameters = v.strictObject({ tablespace: maybe, storage_parameters: maybe, include_columns: v.optional(names) })
const constraint = v.strictObject({
  name,
  type: v.picklist(['unique', 'check', 'primary_key', 'foreign_key', 'exclude']),
  columns: v.optional(names),
  check: maybe,
  references: v.optional(tableReferences),
  exclude: v.optional(v.strictObject({ index_method: maybe, elements: maybe, predicate: maybe })),
  index_parameters: v.optional(indexParameters),
  deferrable: flag,
  initially_deferred: flag,
  nulls_not_distinct: flag,
  no_inherit: flag,
})

const indexField = v.strictObject({
  column: name,
  collate: maybe,
  sort: v.optional(v.picklist(['ASC', 'DESC'])),
  nulls: v.optional(v.picklist(['FIRST', 'LAST'])),
  opclass: v.optional(v.strictObject({ name: maybe, params: v.optional(v.array(text)) })),
})
const byColumn = v.record(v.string(), text)

/** The 15 operations. */
export const operations = {
  create_table: v.strictObject({ name, columns: v.array(column), comment: maybe, constraints: v.optional(v.array(constraint)) }),
  rename_table: v.strictObject({ from: name, to: name }),
  drop_table: v.strictObject({ name }),
  add_column: v.strictObject({ table: name, column, up: maybe }),
  drop_column: v.strictObject({ table: name, column: name, down: maybe }),
  rename_column: v.strictObject({ table: name, from: name, to: name }),
  alter_column: v.strictObject({
    table: name,
    column: name,
    up: maybe,
    down: maybe,
    type: maybe,
    nullable: flag,
    default: v.optional(v.nullable(text)),
    comment: v.optional(v.nullable(text)),
    check: v.optional(check),
    references: v.optional(references),
    unique: v.optional(v.strictObject({ name })),
  }),
  create_index: v.strictObject({
    name,
    table: name,
    columns: v.pipe(v.array(indexField), v.minLength(1)),
    unique: flag,
    method: maybe,
    predicate: maybe,
    storage_parameters: maybe,
  }),
  drop_index: v.strictObject({ name }),
  create_constraint: v.strictObject({
    table: name,
    name,
    type: v.picklist(['unique', 'check', 'primary_key', 'foreign_key']),
    columns: v.optional(names),
    check: maybe,
    references: v.optional(tableReferences),
    no_inherit: flag,
    index_parameters: v.optional(indexParameters),
    up: byColumn,
    down: byColumn,
  }),
  drop_constraint: v.strictObject({ table: name, name, up: maybe, down: maybe }),
  drop_multicolumn_constraint: v.strictObject({ table: name, name, up: v.optional(byColumn), down: byColumn }),
  rename_constraint: v.strictObject({ table: name, from: name, to: name }),
  set_replica_identity: v.strictObject({ table: name, identity: v.strictObject({ type: name, index: maybe }) }),
  sql: v.strictObject({ up: name, down: maybe, onComplete: flag }),
} as const

type Operations = typeof operations
export type OperationName = keyof Operations
export type Fields<Name extends OperationName> = v.InferOutput<Operations[Name]>
export type Column = v.InferOutput<typeof column>
export type Constraint = v.InferOutput<typeof constraint>
export type References = v.InferOutput<typeof references>
export type Check = v.InferOutput<typeof check>

/** One operation of a file. */
export type Operation = { readonly [Name in OperationName]: { readonly name: Name; readonly fields: Fields<Name> } }[OperationName]

/** What is wrong with a field, and where it stands below the operation. */
export interface Fault {
  readonly path: readonly (string | number)[]
  readonly what: string
}

/** The fields of an operation as they must be, or the first thing that is wrong with them. */
export function readFields(name: OperationName, value: unknown): Operation | Fault {
  const result = v.safeParse(operations[name], value)
  if (result.success) return { name, fields: result.output } as Operation
  const [issue] = result.issues
  const path = (issue.path ?? []).map((part) => part.key as string | number)
  return { path, what: whatIsWrong(issue) }
}

function whatIsWrong(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'is no field that pgroll knows'
  if (issue.received === 'undefined') return 'is missing'
  if (issue.type === 'string') return `must be text: put it in quotes (it is ${issue.received})`
  if (issue.type === 'non_empty' || issue.type === 'min_length') return 'must not be empty'
  return `must be ${issue.expected ?? 'another value'}, and is ${issue.received}`
}
