import { textsOf, type Constraint } from '../node.ts'
import type { Source } from '../source.ts'

/** A constraint that a statement asks for, with the column that it stands at. */
export interface Wanted {
  readonly node: Constraint
  readonly column?: string
  readonly source: Source
  /** The statement says ONLY. */
  readonly only?: boolean
}

export function keyColumns(node: Constraint, column: string | undefined): readonly string[] {
  const keys = textsOf(node.keys)
  return keys.length > 0 || column === undefined ? keys : [column]
}
