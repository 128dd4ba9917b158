import type { Facts } from '../model/facts.ts'
import type { Hazard, Severity } from '../model/hazard.ts'
import type { Estimated } from '../model/statistics.ts'

/** What is said of one statement for one major of the server. */
export interface Verdict {
  readonly version: number
  readonly facts: Facts
  readonly hazards: readonly Hazard[]
  readonly estimated: Estimated
}

const weights: { readonly [severity in Severity]: number } = { error: 10_000, warning: 100, info: 1 }

/**
 * The worst of the verdicts that the target's unknown major allows (H15); its hazards name their majors where the others are
 * better. Of equal ones, the newest server's.
 */
export function worstOf(verdicts: readonly Verdict[]): Omit<Verdict, 'version'> {
  const [only] = verdicts
  if (only !== undefined && verdicts.length === 1) return only
  const ranked = verdicts.toSorted((a, b) => weight(b) - weight(a) || b.version - a.version)
  const worst = ranked[0]
  if (worst === undefined) throw new RangeError('worstOf needs a verdict')
  return { ...worst, hazards: worst.hazards.map((hazard) => named(hazard, verdicts)) }
}

function weight(verdict: Verdict): number {
  return (
    verdict.hazards.reduce((sum, hazard) => sum + weights[hazard.severity], 0) * 10 +
    verdict.facts.locks.filter((lock) => lock.blocksWrites).length
  )
}

function named(hazard: Hazard, verdicts: readonly Verdict[]): Hazard {
  const having = verdicts
    .filter((v) => v.hazards.some((h) => h.rule === hazard.rule && h.severity === hazard.severity))
    .map((v) => v.version)
  if (having.length === verdicts.length) return hazard
  return { ...hazard, message: `${hazard.message} (On PostgreSQL ${majors(having)}.)` }
}

function majors(versions: readonly number[]): string {
  const sorted = versions.toSorted((a, b) => a - b)
  const first = sorted[0]
  const last = sorted.at(-1)
  const gapless = first !== undefined && last !== undefined && last - first === sorted.length - 1
  return gapless && sorted.length > 2 ? `${first} to ${last}` : sorted.join(' and ')
}
