import { describeBlocker } from '../model/blocker-text.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Blocker } from '../model/event.ts'

export function lockNotHad(relation: string, waitedMs: number, blockers: readonly Blocker[]): LockkeeperError {
  const worst = blockers[0]
  const who = worst === undefined ? 'many short transactions took turns' : describeBlocker(worst)
  return new LockkeeperError('lock-not-had', `${relation} was never free in ${Math.round(waitedMs / 1_000)} s: ${who}`, {
    details: { relation, waitedMs: Math.round(waitedMs), blockers },
  })
}
