/** One statement of a migration. `node` is the engine's own syntax tree; only that engine's folder looks inside. */
export interface Statement<Node = unknown> {
  /** The user's own text, without the semicolon. */
  readonly sql: string
  readonly parameters: readonly unknown[]
  /** Byte offset of the statement in its file. */
  readonly start: number
  /** 1-based, of the first byte that is no comment or blank. */
  readonly line: number
  readonly column: number
  /** The syntax tree's tag: `AlterTableStmt`, `IndexStmt`. */
  readonly kind: string
  readonly node: Node
}
