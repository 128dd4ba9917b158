import type { Blocker } from './event.ts'

/** Who is in the way, in one line for someone on call. */
export function describeBlocker(blocker: Blocker): string {
  const who =
    blocker.pid === null ? 'a prepared transaction' : `pid ${blocker.pid}${blocker.application === '' ? '' : ` (${blocker.application})`}`
  const where = blocker.server === undefined ? '' : ` on the replica ${blocker.server}`
  const age = blocker.transactionAgeMs === undefined ? '' : `, transaction open for ${(blocker.transactionAgeMs / 1_000).toFixed(1)} s`
  const query = blocker.query === '' ? '' : `: ${blocker.query.slice(0, 80)}`
  return `${who}${where}, ${blocker.user}, ${blocker.state}${age}${query}`
}
