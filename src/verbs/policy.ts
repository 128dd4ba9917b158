import { ownRules } from '../check/own-rules.ts'
import type { Policy } from '../check/policy.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import { count } from '../report/style.ts'
import { nearest } from '../std/nearest.ts'

/** Throws `config-invalid` for a rule that does not exist: a slip of the pen must not leave a rule as it was. */
export function refuseUnknownRules(engine: Pick<Engine, 'hazards'>, { rules }: Policy): void {
  const known = new Set([...engine.hazards, ...ownRules].map(({ id }) => id))
  const unknown = Object.keys(rules).find((rule) => !known.has(rule))
  if (unknown === undefined) return
  const meant = nearest(unknown, known)
  throw new LockkeeperError('config-invalid', `"rules" in the configuration names ${unknown}, and check has no rule of that name.`, {
    hint: meant === undefined ? 'lockkeeper explain lists the rules.' : `Did you mean ${meant}?`,
    details: { key: `rules.${unknown}` },
  })
}

/**
 * The migrations up to the one named: by their order where it is among them, else by name, since a history that was squashed
 * or a single file may lack it.
 */
export function upTo(migrations: readonly Migration[], name: string | undefined): ReadonlySet<string> {
  if (name === undefined) return new Set()
  const at = migrations.findIndex(({ id }) => id === name)
  const older = at < 0 ? migrations.filter(({ id }) => id <= name) : migrations.slice(0, at + 1)
  return new Set(older.map(({ id }) => id))
}

/** What the configuration keeps from being judged, in words. */
export function startNote(older: number, name: string | undefined): readonly string[] {
  return older === 0 || name === undefined
    ? []
    : [`Not judged: ${count(older, 'migration')} up to ${name} (startAfter in the configuration).`]
}

/** What the baseline says of migrations that are gone, in words. */
export function baselineNote(policy: Policy | undefined, migrations: readonly Migration[]): readonly string[] {
  const known = new Set(migrations.map(({ id }) => id))
  const gone = new Set((policy?.baseline?.findings ?? []).flatMap(({ migration }) => (known.has(migration) ? [] : [migration])))
  if (gone.size === 0) return []
  return [`The baseline accepts findings of ${count(gone.size, 'migration')} not found here: ${[...gone].slice(0, 3).join(', ')}.`]
}
