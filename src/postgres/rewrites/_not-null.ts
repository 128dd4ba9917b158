import type { Catalog, Relation } from '../../model/catalog.ts'
import { chooseNotNullName } from '../object-names.ts'
import { postgresDialect } from '../quote.ts'
import { validateDraft } from './_constraint.ts'
import { helperName } from './_helper-check.ts'
import { cleanup, free, type Draft, type DraftStep } from './_step.ts'

const { name: quoted } = postgresDialect

export interface NotNullPlan {
  readonly table: string
  readonly relation: Relation
  readonly column: string
  /** The name of the NOT NULL constraint on 18, where the user gave one. */
  readonly name?: string
  /** The migration adds the column itself: what takes that back takes this too. */
  readonly added?: boolean
  /** A last filling of NULLs that came in after the first one; new ones are refused by then. */
  readonly sweep?: DraftStep
}

/**
 * Makes a column NOT NULL with no read under a lock: 18 has NOT NULL ... NOT VALID, before it a CHECK that is validated lets
 * SET NOT NULL skip its scan (measured: pgfacts A.2). The NULLs must have been filled before, since the unchecked constraint
 * already refuses every UPDATE of a row that is NULL.
 */
export function notNullDrafts(plan: NotNullPlan, catalog: Catalog): readonly DraftStep[] {
  return catalog.server.version >= 18 ? namedNotNull(plan, catalog) : throughCheck(plan, catalog)
}

function namedNotNull(plan: NotNullPlan, catalog: Catalog): readonly DraftStep[] {
  const waiting = plan.relation.constraints.find(({ kind, valid, columns }) => kind === 'not-null' && !valid && columns[0] === plan.column)
  const name = waiting?.name ?? plan.name ?? chooseNotNullName({ catalog, relation: plan.relation }, plan.column)
  const sweep = plan.sweep === undefined ? [] : [plan.sweep]
  if (waiting !== undefined) return [...sweep, validateDraft(plan.table, name, 'NOT NULL')]
  const body = `NOT NULL ${quoted(plan.column)} NOT VALID`
  return [refuseNulls(plan, name, body), ...sweep, validateDraft(plan.table, name, 'NOT NULL')]
}

function throughCheck(plan: NotNullPlan, catalog: Catalog): readonly DraftStep[] {
  const name = helperName(plan.column, '_not_null', catalog)
  const body = `CHECK (${quoted(plan.column)} IS NOT NULL) NOT VALID`
  return [
    refuseNulls(plan, name, body),
    ...(plan.sweep === undefined ? [] : [plan.sweep]),
    validateDraft(plan.table, name, 'the helper check'),
    setNotNull(plan, name),
  ]
}

function refuseNulls({ table, column, added }: NotNullPlan, name: string, body: string): Draft {
  return {
    kind: 'draft',
    id: `refuse-null-${column}`,
    title: `refuse NULL in ${table}.${quoted(column)} for new rows (the table locked for an instant)`,
    phase: 'expand',
    sql: [`ALTER TABLE ${table} ADD CONSTRAINT ${quoted(name)} ${body}`],
    undo: added === true ? free : cleanup(`ALTER TABLE IF EXISTS ${table} DROP CONSTRAINT IF EXISTS ${quoted(name)}`),
  }
}

// In one ALTER the DROP would come first and bring the scan back (measured: pgfacts A.2).
function setNotNull({ table, column, added }: NotNullPlan, helper: string): Draft {
  return {
    kind: 'draft',
    id: `set-not-null-${column}`,
    title: `set ${table}.${quoted(column)} NOT NULL, proven by the helper check, and drop that`,
    phase: 'expand',
    sql: [`ALTER TABLE ${table} ALTER COLUMN ${quoted(column)} SET NOT NULL`, `ALTER TABLE ${table} DROP CONSTRAINT ${quoted(helper)}`],
    undo: added === true ? free : cleanup(`ALTER TABLE IF EXISTS ${table} ALTER COLUMN ${quoted(column)} DROP NOT NULL`),
  }
}
