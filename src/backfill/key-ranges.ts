import type { Place } from '../model/backfill.ts'
import type { Walk } from '../model/plan.ts'
import type { Session } from '../model/session.ts'
import type { Ranges } from './ranges.ts'

type KeyWalk = Extract<Walk, { readonly by: 'key' }>

/** Ranges of a unique key, in its order or against it. The key must not change while the walk lasts; values travel as text and are cast back. */
export function keyRanges(session: Session, walk: KeyWalk): Ranges {
  const names = walk.columns.map((column) => session.dialect.name(column))
  const key = names.length === 1 ? String(names[0]) : `(${names.join(', ')})`
  // ORDER BY takes a name of the output before a column of the table.
  const asText = names.map((name, at) => `${name}::text as _lk_${at}`).join(', ')
  const [forward, backward, behind, upTo] =
    walk.descending === true ? (['desc', 'asc', '<', '>='] as const) : (['asc', 'desc', '>', '<='] as const)
  const ordered = (direction: 'asc' | 'desc'): string => names.map((name) => `${name} ${direction}`).join(', ')
  const value = (place: Place): string => {
    const values = place.map((part, at) => `${session.dialect.literal(String(part))}::${walk.types[at]}`)
    return values.length === 1 ? String(values[0]) : `(${values.join(', ')})`
  }
  const read = async (sql: string): Promise<Place | undefined> => {
    const [row] = await session.query(sql)
    return row === undefined ? undefined : names.map((_, at) => String(row[`_lk_${at}`]))
  }
  const within = (after: Place | null, end: Place): string =>
    `${key} ${upTo} ${value(end)}${after === null ? '' : ` and ${key} ${behind} ${value(after)}`}`
  return {
    firstSize: 200,
    largestSize: largestKeys,
    place: `jsonb_build_array(${names.map((name) => `${name}::text`).join(', ')})`,
    bound: async (relation) => (await read(`select ${asText} from ${relation} order by ${ordered(backward)} limit 1`)) ?? null,
    next: (relation, { after, bound }, size) =>
      read(`select ${asText} from (
  select ${names.join(', ')} from ${relation} where ${within(after, bound)} order by ${ordered(forward)} limit ${size}
) as range order by ${ordered(backward)} limit 1`),
    within,
    alone: (place) => `${key} = ${value(place)}`,
    share: (upTo) => `(hashtext(${names.map((name) => `${name}::text`).join(` || ',' || `)}) & 255) < ${Math.round(256 * upTo)}`,
  }
}

/** A range of this many keys is read in some 20 ms even where no row of it needs a change. */
const largestKeys = 50_000
