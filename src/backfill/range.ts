import type { Chunk, Place } from '../model/backfill.ts'

/** A range of a chunk, which is gone through at once or in several batches. */
export interface Range {
  readonly chunk: Chunk
  readonly after: Place | null
  readonly upTo: Place
}

export function samePlace(one: Place, other: Place): boolean {
  return one.length === other.length && one.every((part, at) => String(part) === String(other[at]))
}
