import { relationKey } from '../names.ts'
import { textsOf, type ColumnDef, type PgNode } from '../node.ts'
import type { Input } from './_input.ts'

/** A column that the statement makes, in a new table or an old one. */
export interface Definition {
  /** Canonical name of its table. */
  readonly key: string
  readonly column: ColumnDef
  /** Last part of the type's name as the parser has it: `varchar`, `int4`. */
  readonly type: string
}

export function definitionsIn({ statement: { node }, before }: Input): readonly Definition[] {
  if ('CreateStmt' in node) return definitions(relationKey(node.CreateStmt.relation ?? {}, before), node.CreateStmt.tableElts ?? [])
  if (!('AlterTableStmt' in node)) return []
  const added = (node.AlterTableStmt.cmds ?? []).flatMap((each) =>
    'AlterTableCmd' in each && each.AlterTableCmd.subtype === 'AT_AddColumn' ? (each.AlterTableCmd.def ?? []) : [],
  )
  return definitions(relationKey(node.AlterTableStmt.relation ?? {}, before), added)
}

function definitions(key: string, nodes: readonly PgNode[]): readonly Definition[] {
  return nodes
    .flatMap((node) => ('ColumnDef' in node ? [node.ColumnDef] : []))
    .map((column) => ({ key, column, type: textsOf(column.typeName?.names).at(-1) ?? '' }))
}
