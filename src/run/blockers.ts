import { LockkeeperError } from '../model/errors.ts'
import type { Blocker } from '../model/event.ts'

/** Who is in the way, in one line for someone on call. */
export function describeBlocker(blocker: Blocker): string {
  const who =
    blocker.pid === null ? 'a prepared transaction' : `pid ${blocker.pid}${blocker.application === '' ? '' : ` (${blocker.application})`}`
  const where = blocker.server === undefined ? '' : ` on the replica ${blocker.server}`
  const age = blocker.transactionAgeMs === undefined ? '' : `, transaction open for ${(blocker.transactionAgeMs / 1_000).toFixed(1)} s`
  const query = blocker.query === '' ? '' : `: ${blocker.query.slice(0, 80)}`
  return `${who}${where}, ${blocker.user}, ${blocker.state}${age}${query}`
}

export function lockNotHad(relation: string, waitedMs: number, blockers: readonly Blocker[]): LockkeeperError {
  const worst = blockers[0]
  const who = worst === undefined ? 'many short transactions took turns' : describeBlocker(worst)
  return new LockkeeperError('lock-not-had', `${relation} was never free in ${Math.round(waitedMs / 1_000)} s: ${who}`, {
    details: { relation, waitedMs: Math.round(waitedMs), blockers },
  })
}
