import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { Standing } from './states.ts'

export interface PendingOptions {
  /** The last migration to take. */
  readonly to?: string
  /** `RULE` or `RULE:migration`; here `file-changed` and `out-of-order` count. */
  readonly allowed: readonly string[]
}

/**
 * The migrations still to be run, in order. What would make running them wrong is refused first: a file that changed after it
 * was applied (`file-changed`), one that the ORM began and did not end (`in-flight`), one that would never run (`out-of-order`).
 */
export function pendingOf(standings: readonly Standing[], options: PendingOptions): readonly Migration[] {
  refuseUnfinished(standings)
  refuseChanged(standings, options)
  refuseSkipped(standings, options)
  return upTo(standings, options.to)
    .filter(({ state }) => state === 'pending' || state === 'aborted' || state === 'skipped')
    .map((standing) => standing.migration)
}

function upTo(standings: readonly Standing[], to: string | undefined): readonly Standing[] {
  if (to === undefined) return standings
  const at = standings.findIndex((standing) => standing.migration.id === to)
  if (at < 0) throw new LockkeeperError('migration-unknown', `There is no migration "${to}".`, { details: { migration: to } })
  return standings.slice(0, at + 1)
}

function refuseUnfinished(standings: readonly Standing[]): void {
  const found = standings.find((standing) => standing.unfinishedByOrm)
  if (found === undefined) return
  const { id, source } = found.migration
  throw new LockkeeperError('in-flight', `${id} was begun by ${source} itself, and did not end.`, {
    hint: `Look at the database, then say what became of it: lockkeeper resolve --applied ${id}, or --rolled-back ${id}.`,
    details: { migration: id },
  })
}

function refuseChanged(standings: readonly Standing[], { allowed }: PendingOptions): void {
  const found = standings.find(({ changed, migration }) => changed && !allows(allowed, 'file-changed', migration.id))
  if (found === undefined) return
  const { id, file } = found.migration
  throw new LockkeeperError('file-changed', `${file} was changed after it was applied.`, {
    hint: `Restore the file. Where only its text changed and not its meaning: --allow file-changed:${id}.`,
    details: { migration: id, file },
  })
}

function refuseSkipped(standings: readonly Standing[], { allowed }: PendingOptions): void {
  const found = standings.find(({ state, migration }) => state === 'skipped' && !allows(allowed, 'out-of-order', migration.id))
  if (found === undefined) return
  const { id } = found.migration
  throw new LockkeeperError('out-of-order', `${id} sorts before what is already applied, so it would never run in this order.`, {
    hint: `Rename it so that it sorts last; or record it with lockkeeper resolve --applied ${id}; or run it all the same with --allow out-of-order:${id}.`,
    details: { migration: id },
  })
}

function allows(allowed: readonly string[], rule: string, migration: string): boolean {
  return allowed.includes(rule) || allowed.includes(`${rule}:${migration}`)
}
