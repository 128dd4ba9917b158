import type { Walk, Work } from '../model/plan.ts'
import type { Session } from '../model/session.ts'
import type { Cursor, Ranges } from './ranges.ts'

type KeyWalk = Extract<Walk, { readonly by: 'key' }>

/** Ranges of a unique key, in its order. The key must not change while the walk lasts; values travel as text and are cast back. */
export function keyRanges({ session, work }: { readonly session: Session; readonly work: Work }, walk: KeyWalk): Ranges {
  const names = walk.columns.map((column) => session.dialect.name(column))
  const key = names.length === 1 ? String(names[0]) : `(${names.join(', ')})`
  const asText = names.map((name, at) => `${name}::text as k${at}`).join(', ')
  const ordered = (direction: 'asc' | 'desc'): string => names.map((name) => `${name} ${direction}`).join(', ')
  const place = (cursor: Cursor): string => {
    const values = cursor.map((value, at) => `${session.dialect.literal(String(value))}::${walk.types[at]}`)
    return values.length === 1 ? String(values[0]) : `(${values.join(', ')})`
  }
  const read = async (sql: string): Promise<Cursor | undefined> => {
    const [row] = await session.query(sql)
    return row === undefined ? undefined : names.map((_, at) => row[`k${at}`])
  }
  return {
    firstSize: 200,
    bound: async () => (await read(`select ${asText} from ${work.relation} order by ${ordered('desc')} limit 1`)) ?? null,
    next: (after, bound, size) =>
      read(`select ${asText} from (
  select ${names.join(', ')} from ${work.relation} where ${key} <= ${place(bound)}${after === null ? '' : ` and ${key} > ${place(after)}`} order by ${ordered('asc')} limit ${size}
) as range order by ${ordered('desc')} limit 1`),
    within: (after, upTo) => `${key} <= ${place(upTo)}${after === null ? '' : ` and ${key} > ${place(after)}`}`,
    fraction: (at, bound) => fractionOf(at[0], bound[0]),
  }
}

/** Exact only for numbers that begin near zero, which most keys are; else unknown until the end. */
function fractionOf(at: unknown, bound: unknown): number {
  const fraction = Number(at) / Number(bound)
  return Number.isFinite(fraction) && fraction >= 0 && fraction <= 1 ? fraction : 0
}
