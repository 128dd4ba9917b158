import { LockkeeperError } from '../model/errors.ts'
import type { OldApplication } from '../model/evidence.ts'
import type { ContractOptions } from '../run/options.ts'
import { present } from '../std/present.ts'
import type { Config } from './define-config.ts'
import type { OptionSpec } from './option-spec.ts'
import { parseDuration, type Options } from './options.ts'

/** What governs the gates of a contract. */
export const contractFlags: readonly OptionSpec[] = [
  { flags: '--quiet <time>', description: 'how long nobody must have used the old shape (default: 15min)', parse: parseDuration },
  {
    flags: '--old-application <name>',
    description: 'application_name of the old application, which must not be connected; * is any text',
    repeatable: true,
  },
  { flags: '--old-role <role>', description: 'database role of the old application, which must not be connected', repeatable: true },
  { flags: '--min-age <time>', description: 'how long it must have been expanded: 2d', parse: parseDuration },
  { flags: '--wait [time]', description: 'wait for closed gates (default: 10m)', parse: parseDuration },
  { flags: '--override <gate>', description: 'go through this gate although it is closed', repeatable: true },
  { flags: '--reason <text>', description: 'why; written into the journal' },
]

/** The default of --wait without a time. */
const waitMs = 10 * 60_000

/** Flags win over the file; old applications and roles are those of both. Throws `usage` where a gate is overridden without a reason. */
export function contractOptions(options: Options, { expand = {} }: Config): ContractOptions {
  const { minAge = 0, wait, override = [], reason = '' } = options
  if (override.length > 0 && reason.trim() === '')
    throw new LockkeeperError('usage', '--override needs a --reason: it is written into the journal.')
  const quietMs = options.quiet ?? (expand.quiet === undefined ? undefined : parseDuration(expand.quiet))
  return {
    minAgeMs: minAge,
    waitMs: wait === true ? waitMs : (wait ?? 0),
    overrides: override.map((gate) => ({ gate, reason })),
    old: oldApplication(options, expand),
    ...present({ quietMs }),
  }
}

function oldApplication({ oldApplication: named = [], oldRole = [] }: Options, expand: NonNullable<Config['expand']>): OldApplication {
  return { applications: [...(expand.oldApplications ?? []), ...named], roles: [...(expand.oldRoles ?? []), ...oldRole] }
}
