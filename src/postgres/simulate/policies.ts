import type { Catalog, Policy, Relation } from '../../model/catalog.ts'
import { relationKey } from '../names.ts'
import type { AlterPolicyStmt, AlterTableType, CreatePolicyStmt, PgNode } from '../node.ts'
import { columnsIn } from '../tree.ts'
import { byName, edit, without } from './edit.ts'

export function createPolicy({ table, policy_name: name = '', qual, with_check }: CreatePolicyStmt, catalog: Catalog): Catalog {
  return edit(catalog, relationKey(table ?? {}, catalog), (relation) =>
    withPolicies(relation, [...policiesOf(relation), { name, mentions: mentionsOf(relation, [qual, with_check]) }]),
  )
}

/** The expression that the statement leaves alone is not known here: the columns of both stay in doubt. */
export function alterPolicy({ table, policy_name, qual, with_check }: AlterPolicyStmt, catalog: Catalog): Catalog {
  return edit(catalog, relationKey(table ?? {}, catalog), (relation) => {
    const mentions = mentionsOf(relation, [qual, with_check])
    const change = (old: Policy): Policy => {
      const all = qual !== undefined && with_check !== undefined ? mentions : [...old.mentions, ...mentions]
      return { ...old, mentions: inOrder(relation, all) }
    }
    return withPolicies(
      relation,
      policiesOf(relation).map((old) => (old.name === policy_name ? change(old) : old)),
    )
  })
}

export function dropPolicy(catalog: Catalog, key: string, name: string): Catalog {
  return edit(catalog, key, (relation) =>
    withPolicies(
      relation,
      policiesOf(relation).filter((policy) => policy.name !== name),
    ),
  )
}

export function renamePolicy(catalog: Catalog, key: string, { from, to }: { readonly from: string; readonly to: string }): Catalog {
  return edit(catalog, key, (relation) =>
    withPolicies(
      relation,
      policiesOf(relation).map((policy) => (policy.name === from ? { ...policy, name: to } : policy)),
    ),
  )
}

/** Policies under the new name of a column. */
export function renamedInPolicies(relation: Relation, name: (column: string) => string): Relation {
  return withPolicies(
    relation,
    policiesOf(relation).map((policy) => ({ ...policy, mentions: policy.mentions.map(name) })),
  )
}

/** A column takes the policies that mention it along (CASCADE). */
export function withoutPoliciesOn(relation: Relation, column: string): Relation {
  return withPolicies(
    relation,
    policiesOf(relation).filter((policy) => !policy.mentions.includes(column)),
  )
}

/** ENABLE, DISABLE, FORCE and NO FORCE ROW LEVEL SECURITY. */
export function setRowSecurity(relation: Relation, subtype: AlterTableType): Relation {
  const { enabled, forced } = { ...(relation.rowSecurity ?? { enabled: false, forced: false }), ...switches[subtype] }
  const rest = without(relation, 'rowSecurity')
  return enabled || forced ? { ...rest, rowSecurity: { enabled, forced } } : rest
}

const switches: { readonly [subtype in AlterTableType]?: Partial<Relation['rowSecurity']> } = {
  AT_EnableRowSecurity: { enabled: true },
  AT_DisableRowSecurity: { enabled: false },
  AT_ForceRowSecurity: { forced: true },
  AT_NoForceRowSecurity: { forced: false },
}

function policiesOf(relation: Relation): readonly Policy[] {
  return relation.policies ?? []
}

function withPolicies(relation: Relation, policies: readonly Policy[]): Relation {
  const rest = without(relation, 'policies')
  return policies.length === 0 ? rest : { ...rest, policies: byName(policies) }
}

function mentionsOf(relation: Relation, expressions: readonly (PgNode | undefined)[]): readonly string[] {
  return inOrder(relation, columnsIn(expressions))
}

function inOrder({ columns }: Relation, names: readonly string[]): readonly string[] {
  return columns.map(({ name }) => name).filter((name) => names.includes(name))
}
