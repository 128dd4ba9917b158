import type { Hazard } from '../model/hazard.ts'
import type { SuppressedHazard } from '../model/verdict.ts'
import { suppressionRules } from './own-rules.ts'
import type { Suppression } from './suppressions.ts'

export interface Sifted {
  readonly hazards: readonly Hazard[]
  readonly suppressed: readonly SuppressedHazard[]
}

/** Takes a hazard back, or leaves it. */
export type TakesBack = (hazard: Hazard) => Pick<SuppressedHazard, 'reason' | 'by'> | undefined

/** Takes out what is suppressed; the first who takes a hazard back gives the reason. */
export function sift(hazards: readonly Hazard[], takers: readonly TakesBack[]): Sifted {
  if (hazards.length === 0) return { hazards, suppressed: [] }
  const sorted = hazards.map((hazard) => ({ hazard, taken: takers.map((take) => take(hazard)).find((taken) => taken !== undefined) }))
  return {
    hazards: sorted.flatMap(({ hazard, taken }) => (taken === undefined ? [hazard] : [])),
    suppressed: sorted.flatMap(({ hazard: { rule, severity, message }, taken }) =>
      taken === undefined ? [] : [{ rule, severity, message, ...taken }],
    ),
  }
}

/** A comment without a reason, or past its day, takes nothing back; what is wrong with comments themselves cannot be taken back at all. */
export function byComments(suppressions: readonly Suppression[], today: string): TakesBack {
  const valid = suppressions.filter((suppression) => isGrounded(suppression) && !isExpired(suppression, today))
  return ({ rule }) => {
    const found = suppressionRules.has(rule) ? undefined : valid.find(({ rules }) => rules.includes(rule))
    return found && { reason: found.reason, by: 'comment' }
  }
}

/** It says why; a peer's comment has no place to. */
export function isGrounded({ tool, reason }: Suppression): boolean {
  return tool !== 'lockkeeper' || reason !== ''
}

/** `today` is `2026-11-24`. A day that does not exist is over: whoever wrote it wanted an end. */
export function isExpired({ until }: Suppression, today: string): boolean {
  return until !== undefined && (!isDay(until) || until < today)
}

export function isDay(text: string): boolean {
  const day = new Date(`${text}T00:00:00Z`)
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text)
}
