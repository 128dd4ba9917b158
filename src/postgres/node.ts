import type { Node } from '@pgsql/types'

/** A node of the PostgreSQL 18 syntax tree, tagged by its only key: `'IndexStmt' in node` narrows it. */
export type PgNode = Node

export type * from '@pgsql/types'

/** The tag of a node: `AlterTableStmt`. */
export function tagOf(node: PgNode): string {
  return Object.keys(node)[0] ?? ''
}

/** The text of a String node; undefined for any other node. */
function textOf(node: PgNode | undefined): string | undefined {
  return node !== undefined && 'String' in node ? (node.String.sval ?? '') : undefined
}

/** The texts of a list of String nodes, such as a qualified name; other nodes (the `*` of a column) are left out. */
export function textsOf(nodes: readonly PgNode[] | undefined): readonly string[] {
  return (nodes ?? []).map(textOf).filter((text) => text !== undefined)
}

/** Whether two trees mean the same: equal in all but where they stood in their texts. */
export function sameTree(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return Object.is(one, other)
  const keys = meaningful(one)
  return keys.length === meaningful(other).length && keys.every((key) => sameTree(valueAt(one, key), valueAt(other, key)))
}

/** Moves every place in a tree back by so many bytes, in the tree itself: for one that was just made and that nobody else holds. */
export function shiftPlaces(tree: unknown, bytes: number): void {
  if (typeof tree !== 'object' || tree === null) return
  const fields = tree as { [key: string]: unknown }
  for (const key of Object.keys(fields)) {
    const value = fields[key]
    if (typeof value !== 'number') shiftPlaces(value, bytes)
    else if (starts.has(key) && value >= bytes) fields[key] = value - bytes
  }
}

function meaningful(tree: object): readonly string[] {
  return Object.keys(tree).filter((key) => !places.has(key))
}

function valueAt(tree: object, key: string): unknown {
  return (tree as { readonly [key: string]: unknown })[key]
}

// The fields of parsenodes.h and primnodes.h that are of type ParseLoc.
const starts: ReadonlySet<string> = new Set(['location', 'list_start', 'list_end', 'rexpr_list_start', 'rexpr_list_end', 'stmt_location'])
const places: ReadonlySet<string> = new Set([...starts, 'stmt_len'])
