import type { GivenValue } from './up-down.ts'

/** What a file of operations says of a statement that is made of it. */
export interface Told {
  /** It is for the end, when the old application is gone. */
  readonly atContract?: true
  /** SQL that takes it back, as the file says it. */
  readonly undo?: string
  /** It gives rows what `given` says: left out where an operation gives it to them. */
  readonly fills?: true
  /** What columns hold, and for how many statements from this one on. */
  readonly given?: { readonly values: readonly GivenValue[]; readonly covers: number }
}

/** One statement of a migration. `node` is the engine's own syntax tree; only that engine's folder looks inside. */
export interface Statement<Node = unknown> extends Told {
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
