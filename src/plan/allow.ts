import type { Hazard } from '../model/hazard.ts'
import type { Migration } from '../model/migration.ts'

/** Whether `apply` must not go on without a word from the user. */
export function stops(hazard: Pick<Hazard, 'severity' | 'breaksOldApp'>): boolean {
  return hazard.severity === 'error' || hazard.breaksOldApp
}

export interface AllowContext {
  readonly migration: Pick<Migration, 'id'>
  readonly options: { readonly allow: readonly string[] }
}

/** RULE for the whole run, RULE:migration for one: never carried to another (H13). */
export function isAllowed({ rule }: Pick<Hazard, 'rule'>, { migration, options }: AllowContext): boolean {
  return options.allow.includes(rule) || options.allow.includes(`${rule}:${migration.id}`)
}
