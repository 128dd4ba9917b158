import type { Hazard, Severity } from '../model/hazard.ts'
import { matchesGlob } from '../std/glob.ts'
import type { Baseline } from './baseline.ts'

export interface RuleSetting {
  /** `off`: no finding of the rule is made. */
  readonly severity: Severity | 'off'
  /** Only for migrations whose file one of these patterns means; all where absent. */
  readonly paths?: readonly string[]
}

/** What a team has decided for all its migrations. It governs what `check` says, and nothing that `apply` does. */
export interface Policy {
  readonly rules: { readonly [rule: string]: RuleSetting }
  /** Migrations whose file one of these patterns means are run for what follows them, and not judged. */
  readonly ignore: readonly string[]
  /** Findings accepted when the tool was brought in. */
  readonly baseline?: Baseline
}

/** Every rule as it is. */
export const defaultPolicy: Policy = { rules: {}, ignore: [] }

/** The hazards with the severities that the team wants for the file; those of rules that are off are gone. */
export function configured(hazards: readonly Hazard[], { rules }: Policy, file: string): readonly Hazard[] {
  return hazards.flatMap((hazard) => {
    if (!Object.hasOwn(rules, hazard.rule)) return hazard
    const severity = settingFor(rules, hazard.rule, file)?.severity ?? hazard.severity
    return severity === 'off' ? [] : [{ ...hazard, severity }]
  })
}

export function isOff({ rules }: Policy, rule: string, file: string): boolean {
  return settingFor(rules, rule, file)?.severity === 'off'
}

export function isIgnored({ ignore }: Policy, file: string): boolean {
  return ignore.some((pattern) => matchesGlob(pattern, file))
}

function settingFor(rules: Policy['rules'], rule: string, file: string): RuleSetting | undefined {
  const setting = Object.hasOwn(rules, rule) ? rules[rule] : undefined
  const isMeant = setting?.paths?.some((pattern) => matchesGlob(pattern, file)) ?? true
  return isMeant ? setting : undefined
}
