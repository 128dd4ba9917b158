/** A place in the walk: the values of a key as text, or a page number. It goes into the journal as JSON. */
export type Cursor = readonly unknown[]

/** A way to cut a table into ranges (after, upTo]. */
export interface Ranges {
  readonly firstSize: number
  /** The last place as of now; null for an empty table. */
  bound(): Promise<Cursor | null>
  /** The end of the next range of about `size`; undefined behind the bound. */
  next(after: Cursor | null, bound: Cursor, size: number): Promise<Cursor | undefined>
  /** A condition for the rows of the range. */
  within(after: Cursor | null, upTo: Cursor): string
  /** How far a place is, 0 to 1; an estimate. */
  fraction(at: Cursor, bound: Cursor): number
}
