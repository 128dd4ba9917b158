import type { Place } from '../model/backfill.ts'

/** A way to cut a table, or a partition of it, into ranges (after, upTo]. */
export interface Ranges {
  /** Of the first batch. */
  readonly firstSize: number
  readonly largestSize: number
  /** What a place is in words of SQL over a row: JSON. */
  readonly place: string
  /** The last place as of now; null where there is nothing. `pages`: the size of the piece. */
  bound(relation: string, pages: number): Promise<Place | null>
  /** The end of the next range of about `size`; undefined behind the bound. */
  next(relation: string, from: { readonly after: Place | null; readonly bound: Place }, size: number): Promise<Place | undefined>
  /** A condition for the rows of the range. */
  within(after: Place | null, upTo: Place): string
  /** A condition for the rows of one place. */
  alone(place: Place): string
  /** A condition for a share of the rows, the same ones and more for a larger share. */
  share(upTo: number): string
}
