import type { Work } from '../model/plan.ts'
import type { Session } from '../model/session.ts'
import type { Ranges } from './ranges.ts'

/**
 * Ranges of heap pages, for tables without a usable key. An updated row moves to another page, so the work must falsify its
 * own condition, and a last sweep finds what moved (H7). Cursor and bound are page numbers, the range is [after, upTo).
 */
export function pageRanges({ session, work }: { readonly session: Session; readonly work: Work }): Ranges {
  return {
    firstSize: 16,
    bound: async () => {
      const [row] = await session.query(`select (pg_relation_size($1::regclass) / current_setting('block_size')::int)::float8 as pages`, [
        work.relation,
      ])
      return row?.['pages'] === 0 ? null : [Number(row?.['pages'])]
    },
    next: (after, bound, size) => {
      const from = Number(after?.[0] ?? 0)
      const end = Number(bound[0])
      return Promise.resolve(from >= end ? undefined : [Math.min(end, from + Math.min(size, maxPages))])
    },
    within: (after, upTo) => condition(session.server.version, Number(after?.[0] ?? 0), Number(upTo[0])),
    fraction: (at, bound) => Number(at[0]) / Number(bound[0]),
  }
}

/** 8 MB at a time, so that a range without work is still short. */
const maxPages = 1_024
/** More line pointers than a page of 8 kB can hold (291); PostgreSQL 13 has no range scan over ctid, but a list of them. */
const tuplesPerPage = 291

function condition(version: number, from: number, to: number): string {
  if (version >= 14) return `ctid >= '(${from},0)'::tid and ctid < '(${to},0)'::tid`
  return `ctid = any(array(select format('(%s,%s)', page, line)::tid from generate_series(${from}, ${to - 1}) as page, generate_series(1, ${tuplesPerPage}) as line))`
}
