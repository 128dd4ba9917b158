import { LockkeeperError } from '../model/errors.ts'
import type { WayBack } from '../model/way-back.ts'
import { wayBack } from '../plan/way-back.ts'
import type { LoadedMigrations } from './load-migrations.ts'
import { standingsOf } from './states.ts'
import { readSituation, type Target } from './target.ts'

/**
 * The migration that takes a database back to where it was behind an earlier one; undefined where nothing came after that one. Reads only. Throws
 * `in-flight` where a later one is not complete: that one is taken back by `abort`.
 */
export async function wayBackTo(
  target: Target,
  loaded: LoadedMigrations,
  { to, project }: { readonly to: string; readonly project: string | undefined },
): Promise<WayBack | undefined> {
  const situation = await readSituation(target, loaded, project)
  const standings = standingsOf(loaded.migrations, situation)
  const at = standings.findIndex(({ migration }) => migration.id === to)
  const later = standings.slice(at + 1).filter(({ state }) => state !== 'pending' && state !== 'aborted' && state !== 'skipped')
  if (at < 0 || standings[at]?.state !== 'complete' || later.length === 0) return undefined
  const open = later.find(({ state }) => state !== 'complete')
  if (open !== undefined)
    throw new LockkeeperError('in-flight', `${open.migration.id} is ${open.state}: it can still be taken back itself.`, {
      hint: `lockkeeper abort ${open.migration.id}`,
      details: { migration: open.migration.id },
    })
  await target.engine.load()
  const applied = standings.filter(({ state }) => state === 'complete').map(({ migration }) => migration)
  const empty = target.engine.emptyCatalog(situation.catalog.server, situation.catalog.searchPath[0] ?? 'public')
  return wayBack(target.engine, { applied, to, empty })
}
