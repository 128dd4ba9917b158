import type { Session } from '../model/session.ts'
import type { Ranges } from './ranges.ts'

/**
 * Ranges of heap pages. An updated row moves to another page, so the work must falsify its own condition, and a last sweep finds what moved
 * (H7). A place is the number of the page behind the range: the rows of (after, upTo] are those of the pages from `after` to `upTo - 1`.
 */
export function pageRanges({ server }: Session): Ranges {
  const within: Ranges['within'] = (after, upTo) => condition(server.version, Number(after?.[0] ?? 0), Number(upTo[0]))
  return {
    firstSize: 16,
    largestSize: largestPages,
    place: `jsonb_build_array(${pageOf} + 1)`,
    bound: (_, pages) => Promise.resolve(pages === 0 ? null : [pages]),
    next: (_, { after, bound }, size) => {
      const from = Number(after?.[0] ?? 0)
      const end = Number(bound[0])
      return Promise.resolve(from >= end ? undefined : [Math.min(end, from + size)])
    },
    within,
    alone: (place) => within([Number(place[0]) - 1], place),
    share: (upTo) => `(${spread(server.version)} & 255) < ${Math.round(256 * upTo)}`,
  }
}

const pageOf = '((ctid::text::point)[0])::int8'
/** 8 MB at a time, so that a range without work is still short. */
const largestPages = 1_024
/** More line pointers than a page of 8 kB can hold (291); PostgreSQL 13 has no range scan over ctid, but a list of them. */
const tuplesPerPage = 291

function condition(version: number, from: number, to: number): string {
  if (version >= 14) return `ctid >= '(${from},0)'::tid and ctid < '(${to},0)'::tid`
  return `ctid = any(array(select format('(%s,%s)', page, line)::tid from generate_series(${from}, ${to - 1}) as page, generate_series(1, ${tuplesPerPage}) as line))`
}

/** Evenly over the rows of a page. hashtid exists from 14 on, and costs a tenth of taking a ctid apart; 79 / 128 is near the golden section. */
function spread(version: number): string {
  return version >= 14 ? 'hashtid(ctid)' : `(((ctid::text::point)[1])::int * 158)`
}
