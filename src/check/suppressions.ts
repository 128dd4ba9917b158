import type { Hazard } from '../model/hazard.ts'
import type { SuppressedHazard } from '../model/verdict.ts'

/** A comment that takes findings of one rule back. */
export interface Suppression {
  readonly rule: string
  readonly reason: string
  /** `2027-01-31`: the last day on which it holds. */
  readonly until: string | undefined
  readonly scope: 'statement' | 'file'
}

interface Placed {
  readonly sql: string
  readonly start: number
}

const comment = /--\s*lockkeeper-ignore(-file)?[ \t]+([\w-]+)[ \t]*:?[ \t]*([^\n]*)/g
const expiry = /\(until (\d{4}-\d{2}-\d{2})\)\s*$/

/** The suppressions that stand above each statement, by position. What stands between two statements is only blanks and comments. */
export function suppressionsOf(bytes: Uint8Array, statements: readonly Placed[]): readonly (readonly Suppression[])[] {
  const decoder = new TextDecoder()
  let end = 0
  return statements.map((statement) => {
    const gap = decoder.decode(bytes.subarray(end, statement.start))
    end = statement.start + new TextEncoder().encode(statement.sql).length
    return [...gap.matchAll(comment)].map(read)
  })
}

function read(match: RegExpExecArray): Suppression {
  const text = (match[3] ?? '').trim()
  const until = expiry.exec(text)?.[1]
  return { rule: match[2] ?? '', reason: text.replace(expiry, '').trim(), until, scope: match[1] === undefined ? 'statement' : 'file' }
}

export interface Sifted {
  readonly hazards: readonly Hazard[]
  readonly suppressed: readonly SuppressedHazard[]
}

/** Takes out what is suppressed. `today` is `2026-11-24`. A suppression without a reason, or past its day, suppresses nothing. */
export function sift(hazards: readonly Hazard[], suppressions: readonly Suppression[], today: string): Sifted {
  const valid = suppressions.filter((s) => s.reason !== '' && !expired(s, today))
  const by = (hazard: Hazard) => valid.find((s) => s.rule === hazard.rule)
  return {
    hazards: hazards.filter((hazard) => by(hazard) === undefined),
    suppressed: hazards.flatMap((hazard) => {
      const suppression = by(hazard)
      return suppression === undefined ? [] : [{ rule: hazard.rule, severity: hazard.severity, reason: suppression.reason }]
    }),
  }
}

/** What is wrong with the suppressions themselves. */
export function faultsOf(suppressions: readonly Suppression[], today: string): readonly Hazard[] {
  return suppressions.flatMap((s) => {
    if (s.reason === '')
      return [
        fault(
          'suppression-without-reason',
          `The comment that ignores ${s.rule} gives no reason, so it ignores nothing.`,
          `Write -- lockkeeper-ignore ${s.rule}: why it is safe here`,
        ),
      ]
    if (expired(s, today))
      return [
        fault(
          'suppression-expired',
          `The comment that ignores ${s.rule} held until ${s.until}.`,
          'Look at the finding again; then remove the comment or give it a new day.',
        ),
      ]
    return []
  })
}

function expired(suppression: Suppression, today: string): boolean {
  return suppression.until !== undefined && suppression.until < today
}

function fault(rule: string, message: string, fix: string): Hazard {
  return { rule, severity: 'warning', message, fix, breaksOldApp: false }
}
