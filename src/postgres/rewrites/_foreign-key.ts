import type { Catalog, Relation } from '../../model/catalog.ts'
import { relationKey } from '../names.ts'
import { textsOf, type Constraint } from '../node.ts'
import { orphanCheck, type CheckText } from './_checks.ts'
import { uncheckedThenChecked, type ConstraintPlan } from './_constraint.ts'
import { primaryKeyOf } from './_target.ts'
import type { Draft } from './_step.ts'

export interface ForeignKeyRewrite {
  readonly drafts: readonly Draft[]
  readonly reads: readonly { readonly relation: string; readonly columns: readonly string[] }[]
  /** None where the columns of the parent are not known, and for PERIOD. */
  readonly check?: CheckText
}

/** Undefined where NOT VALID cannot be had: on a partitioned table before 18, or where the text cannot be trusted. */
export function foreignKeyRewrite(plan: ConstraintPlan, relation: Relation, catalog: Catalog): ForeignKeyRewrite | undefined {
  if (relation.kind === 'partitioned' && catalog.server.version < 18) return undefined
  const drafts = uncheckedThenChecked(plan, { what: 'foreign key', locked: 'both tables locked for an instant' })
  return drafts === undefined ? undefined : { drafts, ...orphansOf(plan, relation, catalog) }
}

/** How rows that would violate the key are looked for beforehand. */
export function orphansOf(plan: ConstraintPlan, relation: Relation, catalog: Catalog): Omit<ForeignKeyRewrite, 'drafts'> {
  const parent = parentOf(plan.node, catalog)
  const columns = textsOf(plan.node.fk_attrs)
  const reads = [
    { relation: plan.table, columns },
    { relation: parent.key, columns: parent.columns },
  ]
  if (parent.columns.length !== columns.length || plan.node.fk_with_period === true) return { reads }
  const full = plan.node.fk_matchtype === 'f'
  return {
    reads,
    check: orphanCheck({ table: plan.table, relation, columns, references: parent.key, referencedColumns: parent.columns, full }),
  }
}

function parentOf(node: Constraint, catalog: Catalog): { readonly key: string; readonly columns: readonly string[] } {
  const key = relationKey(node.pktable ?? [], catalog)
  const relation = catalog.relations.get(key)
  const given = textsOf(node.pk_attrs)
  return { key, columns: given.length > 0 || relation === undefined ? given : primaryKeyOf(relation) }
}
