/** `up`: what a column of the new shape holds, by columns of the old one. `down`: what a column that goes holds, by columns of the new one. */
export type Direction = 'up' | 'down'

/** A value as the user wrote it: in a comment above a statement, or in the file beside the migration. */
export interface GivenValue {
  readonly direction: Direction
  /** As written: `first_name`, `"fullName"`, `users.first_name`. */
  readonly name: string
  /** An SQL expression over the row. */
  readonly sql: string
  readonly file: string
  /** 1-based. */
  readonly line: number
  /** Positions of the statements that it stands above; absent for what stands in a file of its own, which may be about any. */
  readonly above?: readonly number[]
  /** Which version of the application writes shows by its search_path, so that a DEFAULT or a NULL hides nobody. */
  readonly byVersion?: true
}

/** A value that was held against the statement that it is about. */
export interface UpDown {
  readonly direction: Direction
  readonly column: string
  /** In parentheses; its columns stand without the name of the table. */
  readonly value: string
  /** Where it was said: `m1.sql, line 3`. */
  readonly place: string
  /** The columns that it reads. */
  readonly reads: readonly string[]
  readonly byVersion?: true
  /** How many statements make up the operation that says it, from the one that it is held against. */
  readonly covers?: number
}

/** The value that was given for a column in one direction. */
export function valueFor(given: readonly UpDown[] | undefined, direction: Direction, column: string): UpDown | undefined {
  return given?.find((each) => each.direction === direction && each.column === column)
}
