import type { Catalog, Relation } from '../../model/catalog.ts'
import { columnsIn } from '../tree.ts'
import { sameTree, textsOf, type Constraint, type PgNode } from '../node.ts'
import { chooseCheckName, chooseForeignKeyName, choosePrimaryKeyName, chooseUniqueName } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { parseOne, type Source } from '../source.ts'
import { cleanup, type Draft } from './_step.ts'
import { onlyAction } from './_target.ts'

const { name: quoted } = postgresDialect

/** A table's constraint as text that begins with its kind: `CHECK (...)`, `FOREIGN KEY (...) REFERENCES ...`. */
export interface ConstraintPlan {
  readonly table: string
  readonly name: string
  readonly body: string
  /** The constraint as the server would have to understand it; `body` is proven against it. */
  readonly node: Constraint
}

/** The name given, or the one that the server would choose for it. */
export function constraintName(
  constraint: Constraint,
  scope: { readonly catalog: Catalog; readonly relation: Relation; readonly taken?: readonly string[] },
): string {
  if (constraint.conname !== undefined) return constraint.conname
  if (constraint.contype === 'CONSTR_FOREIGN') return chooseForeignKeyName(scope, textsOf(constraint.fk_attrs))
  if (constraint.contype === 'CONSTR_PRIMARY') return choosePrimaryKeyName(scope)
  if (constraint.contype === 'CONSTR_UNIQUE')
    return chooseUniqueName(scope, [...textsOf(constraint.keys), ...textsOf(constraint.including)])
  return chooseCheckName(scope, columnsIn(constraint.raw_expr))
}

/** Whether the server reads all rows to check it: not where it is NOT VALID, NOT ENFORCED, or made from an index. */
export function isChecked(constraint: Constraint): boolean {
  return constraint.skip_validation !== true && constraint.is_enforced === true
}

/** Added unchecked in an instant, then checked with nobody waiting; undefined where the rebuilt text would mean something else. */
export function uncheckedThenChecked(
  plan: ConstraintPlan,
  words: { readonly what: string; readonly locked: string },
): readonly Draft[] | undefined {
  const add = `ALTER TABLE ${plan.table} ADD CONSTRAINT ${quoted(plan.name)} ${plan.body} NOT VALID`
  if (!meansTheSame(add, plan.node)) return undefined
  const shown = `${words.what} ${quoted(plan.name)} of ${plan.table}`
  return [
    {
      kind: 'draft',
      id: `add-${plan.name}`,
      title: `add ${shown} for new rows (${words.locked})`,
      phase: 'expand',
      sql: [add],
      undo: cleanup(`ALTER TABLE IF EXISTS ${plan.table} DROP CONSTRAINT IF EXISTS ${quoted(plan.name)}`),
    },
    validateDraft(plan.table, plan.name, words.what),
  ]
}

/** Reads the table once; writes go on meanwhile. */
export function validateDraft(table: string, name: string, what: string): Draft {
  return {
    kind: 'draft',
    id: `validate-${name}`,
    title: `check the existing rows of ${table} against ${what} ${quoted(name)} without blocking writes`,
    phase: 'expand',
    sql: [`ALTER TABLE ${table} VALIDATE CONSTRAINT ${quoted(name)}`],
    undo: { kind: 'free' },
  }
}

/** Whether the text adds this constraint: under any name, checked or not. */
export function meansTheSame(sql: string, wanted: Constraint): boolean {
  const node = parseOne(sql)
  const made = node === undefined ? undefined : addedConstraint({ node })
  return made !== undefined && sameTree(essence(made), essence(wanted))
}

function essence(constraint: Constraint): Constraint {
  const { conname: _name, skip_validation: _skip, initially_valid: _valid, ...rest } = constraint
  return rest
}

/** The attributes of a constraint as its node holds them, for text that is written anew. */
export function deferText(constraint: Constraint): string {
  return `${constraint.deferrable === true ? ' DEFERRABLE' : ''}${constraint.initdeferred === true ? ' INITIALLY DEFERRED' : ''}`
}

/** The constraint of an ADD CONSTRAINT action. */
export function constraintOf(def: PgNode | undefined): Constraint | undefined {
  return def !== undefined && 'Constraint' in def ? def.Constraint : undefined
}

/** The constraint that a statement of one ADD CONSTRAINT adds, with the places of its own text. */
export function addedConstraint({ node }: Pick<Source, 'node'>): Constraint | undefined {
  return constraintOf(onlyAction(node)?.def)
}
