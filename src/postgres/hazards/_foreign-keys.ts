import type { Catalog } from '../../model/catalog.ts'
import { constraintsOf } from '../facts/add-column.ts'
import { foreignKeysOf, type ForeignKey } from '../facts/relations.ts'
import { creationKey, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import type { Input } from './_input.ts'

export interface AddedForeignKey {
  /** Canonical name of the referring table. */
  readonly key: string
  readonly foreignKey: ForeignKey
  /** The catalog with it. */
  readonly after: Catalog
}

/** The foreign keys that an ALTER TABLE or CREATE TABLE adds, to tables other than their own. */
export function addedForeignKeys({ statement, before }: Input): readonly AddedForeignKey[] {
  const key = referringTable(statement.node, before)
  if (key === undefined) return []
  const names = new Set(foreignKeysOf(before.relations.get(key)).map(({ name }) => name))
  const after = simulate(statement, before)
  return foreignKeysOf(after.relations.get(key))
    .filter(({ name, references }) => !names.has(name) && references !== key)
    .map((foreignKey) => ({ key, foreignKey, after }))
}

function referringTable(node: PgNode, catalog: Catalog): string | undefined {
  if ('CreateStmt' in node && node.CreateStmt.tableElts?.some(refers) === true) return creationKey(node.CreateStmt.relation ?? {}, catalog)
  if (!('AlterTableStmt' in node)) return undefined
  const added = (node.AlterTableStmt.cmds ?? []).flatMap((command) => ('AlterTableCmd' in command ? (command.AlterTableCmd.def ?? []) : []))
  return added.some(refers) ? relationKey(node.AlterTableStmt.relation ?? {}, catalog) : undefined
}

function refers(node: PgNode): boolean {
  if ('Constraint' in node) return node.Constraint.contype === 'CONSTR_FOREIGN'
  return 'ColumnDef' in node && constraintsOf(node.ColumnDef).some(({ contype }) => contype === 'CONSTR_FOREIGN')
}
