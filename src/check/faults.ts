import type { Hazard, Severity } from '../model/hazard.ts'
import { nearest } from '../std/nearest.ts'
import { suppressionRules } from './own-rules.ts'
import { isDay, isExpired, isGrounded } from './sift.ts'
import type { Suppression } from './suppressions.ts'

export interface FaultContext {
  /** All rules that a comment may name. */
  readonly known: ReadonlySet<string>
  /** `2026-11-24`. */
  readonly today: string
  /** Whether there is a finding of the rule for the comment to take back, or nobody looks for one here. */
  readonly isOfUse: (suppression: Suppression, rule: string) => boolean
}

/** What is wrong with comments that ignore findings. A peer's comment is the peer's business. */
export function faultsOf(suppression: Suppression, context: FaultContext): readonly Hazard[] {
  if (suppression.tool !== 'lockkeeper') return []
  if (suppression.rules.length === 0) return [namesNoRule(suppression)]
  return suppression.rules.flatMap((rule) => faultOf(suppression, rule, context) ?? [])
}

function faultOf(suppression: Suppression, rule: string, context: FaultContext): Hazard | undefined {
  if (!context.known.has(rule)) return unknownRule(suppression, rule, context.known)
  if (suppressionRules.has(rule)) return notForIgnoring(suppression, rule)
  if (!isGrounded(suppression)) return withoutReason(suppression, rule)
  if (isExpired(suppression, context.today)) return expired(suppression, rule)
  return context.isOfUse(suppression, rule) ? undefined : unused(suppression, rule)
}

function namesNoRule({ line }: Suppression): Hazard {
  return fault('suppression-unknown-rule', 'error', {
    message: `The comment on line ${line} names no rule, so it ignores nothing.`,
    fix: 'Write -- lockkeeper-ignore RULE: why it is safe here',
  })
}

function unknownRule({ line }: Suppression, rule: string, known: ReadonlySet<string>): Hazard {
  const meant = nearest(rule, known)
  return fault('suppression-unknown-rule', 'error', {
    message: `The comment on line ${line} ignores ${rule}, and there is no rule of that name.`,
    fix: meant === undefined ? 'lockkeeper explain lists the rules.' : `Did you mean ${meant}?`,
  })
}

function notForIgnoring({ line }: Suppression, rule: string): Hazard {
  return fault('suppression-unknown-rule', 'error', {
    message: `The comment on line ${line} ignores ${rule}, which no comment can ignore.`,
    fix: 'Mend the comment that the finding names.',
  })
}

function withoutReason({ line }: Suppression, rule: string): Hazard {
  return fault('suppression-without-reason', 'warning', {
    message: `The comment on line ${line} that ignores ${rule} gives no reason, so it ignores nothing.`,
    fix: `Write -- lockkeeper-ignore ${rule}: why it is safe here`,
  })
}

function expired({ line, until = '' }: Suppression, rule: string): Hazard {
  const message = isDay(until)
    ? `The comment on line ${line} that ignores ${rule} held until ${until}.`
    : `The comment on line ${line} that ignores ${rule} is to hold until "${until}", which is no day.`
  const fix = isDay(until)
    ? 'Look at the finding again; then remove the comment or give it a new day.'
    : 'Write the day as (until 2027-01-31).'
  return fault('suppression-expired', 'warning', { message, fix })
}

function unused({ line }: Suppression, rule: string): Hazard {
  return fault('suppression-unused', 'warning', {
    message: `The comment on line ${line} ignores ${rule}, and there is no such finding.`,
    fix: 'Remove the comment, or move it above the statement that it is about.',
  })
}

function fault(rule: string, severity: Severity, words: Pick<Hazard, 'message' | 'fix'>): Hazard {
  return { rule, severity, ...words, breaksOldApp: false }
}
