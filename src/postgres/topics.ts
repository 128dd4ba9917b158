import type { Statement } from '../model/statement.ts'
import type { AlterTableType, PgNode } from './node.ts'

type TagOf<Node> = Node extends unknown ? keyof Node & string : never

/** What rules of hazards name the statements by that they speak of: the tag of the tree, or an action of ALTER TABLE. */
export type Topic = TagOf<PgNode> | AlterTableType

/** The tag of a statement, and the actions of an ALTER TABLE. */
export function topicsOf({ kind, node }: Pick<Statement<PgNode>, 'kind' | 'node'>): readonly string[] {
  if (!('AlterTableStmt' in node)) return [kind]
  const actions = (node.AlterTableStmt.cmds ?? []).flatMap((each) => ('AlterTableCmd' in each ? (each.AlterTableCmd.subtype ?? []) : []))
  return [kind, ...actions]
}
