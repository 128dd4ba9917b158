import type { Catalog } from '../model/catalog.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { CheckVerbOptions } from './check-options.ts'
import type { Selection } from './select.ts'
import { selectMigrations } from './select.ts'
import { standingsOf } from './states.ts'
import type { Connection } from './target.ts'
import { openTarget, readSituation } from './target.ts'

/** What `check` judges. */
export interface Scope {
  /** Ran before; in order. */
  readonly history: readonly Migration[]
  readonly pending: readonly Migration[]
  /** The pending ones will run at one go, so that what one creates is new to the next (H16). */
  readonly together: boolean
  /** Of the database, where one was given. */
  readonly catalog: Catalog | undefined
  readonly schema: string
  /** What limits the verdicts, in words. */
  readonly notes: readonly string[]
}

/** Finds out what is pending: what was named, what is newer than a commit, what the database lacks; with none of these, everything. */
export async function scopeOf(options: CheckVerbOptions): Promise<Scope> {
  const selection = await selectMigrations(options)
  const { live, notes } = await readIfAny(options, selection)
  const chosen = selection.chosen ?? live?.pending
  const { migrations } = selection.loaded
  const schema = live?.catalog.searchPath[0] ?? options.schema ?? 'public'
  if (chosen === undefined) return { history: [], pending: migrations, together: false, catalog: undefined, schema, notes }
  const last = migrations.findLastIndex((migration) => chosen.has(migration.id))
  return {
    history: migrations.filter((migration, at) => at < last && !chosen.has(migration.id)),
    pending: migrations.filter((migration) => chosen.has(migration.id)),
    together: true,
    catalog: live?.catalog,
    schema,
    notes,
  }
}

async function readIfAny(
  options: CheckVerbOptions,
  selection: Selection,
): Promise<{ readonly live?: Live; readonly notes: readonly string[] }> {
  const { connection, connectionOptional } = options
  if (connection === undefined) return { notes: [] }
  try {
    return { live: await readLive(connection, selection, options.project), notes: [] }
  } catch (error) {
    if (connectionOptional !== true || !(error instanceof LockkeeperError)) throw error
    return { notes: [`Judged without the database that the environment names: ${error.message}.`] }
  }
}

interface Live {
  readonly catalog: Catalog
  readonly pending: ReadonlySet<string>
}

async function readLive(connection: Connection, { loaded }: Selection, project: string | undefined): Promise<Live> {
  await using target = await openTarget(connection)
  const situation = await readSituation(target, loaded, project)
  const pending = standingsOf(loaded.migrations, situation).filter((standing) => standing.state !== 'complete')
  return { catalog: situation.catalog, pending: new Set(pending.map((standing) => standing.migration.id)) }
}
