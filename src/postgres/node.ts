import type { Node, RangeVar } from '@pgsql/types'

/** A node of the PostgreSQL 18 syntax tree, tagged by its only key: `'IndexStmt' in node` narrows it. */
export type PgNode = Node

export type { RangeVar }

/** The tag of a node: `AlterTableStmt`. */
export function tagOf(node: PgNode): string {
  return Object.keys(node)[0] ?? ''
}

/** The text of a String node; undefined for any other node. */
export function textOf(node: PgNode | undefined): string | undefined {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : undefined
}

/** The texts of a list of String nodes, such as a qualified name; other nodes (the `*` of a column) are left out. */
export function textsOf(nodes: readonly PgNode[] | undefined): readonly string[] {
  return (nodes ?? []).map(textOf).filter((text) => text !== undefined)
}
