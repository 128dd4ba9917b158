import type { Catalog, Relation } from '../../model/catalog.ts'
import { textsOf, type Constraint } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { duplicateCheck, type CheckText } from './_checks.ts'
import { constraintName, deferText } from './_constraint.ts'
import { concurrentBuild, constraintIndexPlan, indexNamed } from './_index.ts'
import type { Source } from '../source.ts'
import { cleanup, type Draft } from './_step.ts'

const { name: quoted } = postgresDialect

export interface UniqueTarget {
  readonly table: string
  readonly relation: Relation
  readonly catalog: Catalog
  readonly taken?: readonly string[]
}

export interface UniqueRewrite {
  readonly drafts: readonly [Draft, Draft]
  readonly reads: { readonly relation: string; readonly columns: readonly string[] }
  readonly check: CheckText
}

/** UNIQUE or PRIMARY KEY: its index is built concurrently under the constraint's name, then made the constraint. */
export function uniqueRewrite(
  source: Source,
  constraint: Constraint,
  { table, relation, catalog, taken = [] }: UniqueTarget,
): UniqueRewrite | undefined {
  const name = constraintName(constraint, { catalog, relation, taken })
  const found = indexNamed(relation, name, catalog)
  if (relation.kind !== 'table' || (found !== undefined && found !== 'invalid')) return undefined
  const plan = constraintIndexPlan(source, constraint, { table, relation, name })
  if (plan === undefined) return undefined
  const columns = textsOf(constraint.keys)
  const check = duplicateCheck(
    table,
    columns.map((column) => quoted(column)),
    { nullsEqual: constraint.nulls_not_distinct === true },
  )
  return { drafts: [concurrentBuild(plan), attach(constraint, table, name)], reads: { relation: table, columns }, check }
}

function attach(constraint: Constraint, table: string, name: string): Draft {
  const kind = constraint.contype === 'CONSTR_PRIMARY' ? 'PRIMARY KEY' : 'UNIQUE'
  return {
    kind: 'draft',
    id: `add-${name}`,
    title: `make the index ${kind} ${quoted(name)} of ${table} (the table locked for an instant)`,
    phase: 'expand',
    sql: [`ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} ${kind} USING INDEX ${quoted(name)}${deferText(constraint)}`],
    undo: cleanup(`ALTER TABLE IF EXISTS ${table} DROP CONSTRAINT IF EXISTS ${quoted(name)}`),
  }
}
