import { LockkeeperError } from '../model/errors.ts'
import type { FleetJob } from '../model/fleet.ts'
import { digest } from '../std/digest.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import type { FleetRequest } from './fleet-control.ts'

export interface FleetIdentity {
  readonly name: string
  /** Of all that must be the same on every machine. */
  readonly checksum: string
}

type Said = Pick<FleetRequest, 'invocation' | 'config'>

/** By default a fleet is called after what it runs: the same folder on another machine is the same fleet, a changed one is another. */
export function applyIdentity({ invocation, config }: Said, loaded: LoadedMigrations): FleetIdentity {
  const { name, to } = invocation.options
  const job: FleetJob = { kind: 'apply' }
  const files = loaded.migrations.map((migration) => [migration.id, migration.checksum])
  const checksum = digest(JSON.stringify([job, config.project ?? null, to ?? null, files]))
  return { name: name === undefined ? `${job.kind}-${checksum.slice(0, 12)}` : checkedName(name), checksum }
}

/**
 * Called after the backfill, so that other SQL under its name is noticed, here as in a target. Only the checksum of the SQL is kept: the text
 * may hold data. How fast and in which order is each machine's own affair.
 */
export function backfillIdentity({ invocation, config }: Said, name: string, sql: string): FleetIdentity {
  const { verify, triggers } = invocation.options
  const job: FleetJob = { kind: 'backfill', name }
  const checksum = digest(JSON.stringify([job, config.project ?? null, bare(sql), bare(verify ?? ''), triggers ?? null]))
  return { name: invocation.options.name === undefined ? backfillFleet(name) : checkedName(invocation.options.name), checksum }
}

// A file ends with a semicolon and a line feed, what is given by --sql does not.
function bare(sql: string): string {
  return sql.replace(/[\s;]+$/, '').trimStart()
}

/** What the fleet of a backfill is called where nobody says otherwise. */
export function backfillFleet(name: string): string {
  const whole = `backfill-${name}`
  if (isName(whole)) return whole
  return `backfill-${name.replaceAll(/[^\w.-]+/g, '-').slice(0, 40)}-${digest(name).slice(0, 8)}`
}

function checkedName(name: string): string {
  if (isName(name)) return name
  throw new LockkeeperError('usage', '--name has up to 60 letters, digits, dots, dashes and underscores.', {
    hint: 'Write --name shops-2026-11.',
  })
}

function isName(name: string): boolean {
  return /^[\w.-]{1,60}$/.test(name)
}
