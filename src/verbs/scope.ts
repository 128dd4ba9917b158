import type { Catalog } from '../model/catalog.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import type { Statistics } from '../model/statistics.ts'
import { present } from '../std/present.ts'
import type { CheckVerbOptions } from './check-options.ts'
import type { Selection } from './select.ts'
import { selectMigrations } from './select.ts'
import { standingsOf } from './states.ts'
import { takeStatistics, workedOn } from './statistics.ts'
import type { Connection, Situation, Target } from './target.ts'
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
  /** Of the database; absent where none was asked. */
  readonly statistics?: Statistics
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
    notes: [...notes, ...(live?.notes ?? [])],
    ...present({ statistics: live?.statistics }),
  }
}

async function readIfAny(
  options: CheckVerbOptions,
  selection: Selection,
): Promise<{ readonly live?: Live; readonly notes: readonly string[] }> {
  const { connection, connectionOptional } = options
  if (connection === undefined) return { notes: [] }
  try {
    return { live: await readLive(connection, selection, options), notes: [] }
  } catch (error) {
    if (connectionOptional !== true || !(error instanceof LockkeeperError)) throw error
    return { notes: [`Judged without the database that the environment names: ${error.message}.`] }
  }
}

interface Live {
  readonly catalog: Catalog
  readonly pending: ReadonlySet<string>
  readonly statistics?: Statistics
  readonly notes: readonly string[]
}

async function readLive(connection: Connection, { loaded, chosen }: Selection, options: CheckVerbOptions): Promise<Live> {
  await using target = await openTarget(connection)
  const situation = await readSituation(target, loaded, options.project)
  const pending = standingsOf(loaded.migrations, situation)
    .filter((standing) => standing.state !== 'complete')
    .map((standing) => standing.migration)
  const ids = new Set(pending.map((migration) => migration.id))
  const judged = chosen === undefined ? pending : loaded.migrations.filter((migration) => chosen.has(migration.id))
  const sample = await sampled(target, situation, { judged, options })
  return { catalog: situation.catalog, pending: ids, ...sample }
}

interface Wanted {
  readonly judged: readonly Migration[]
  readonly options: CheckVerbOptions
}

/** Nothing is sampled where no table is worked on, or where a file speaks of sizes. */
async function sampled({ engine, session }: Target, { catalog }: Situation, wanted: Wanted): Promise<Pick<Live, 'statistics' | 'notes'>> {
  const { judged, options } = wanted
  const all = options.writeStatsFile !== undefined
  if (options.statsFile !== undefined && !all) return { notes: [] }
  const relations = all ? [...catalog.relations.keys()] : workedOn(engine, judged, catalog)
  if (relations.length === 0) return { notes: [] }
  const statistics = await takeStatistics(engine, { session, catalog, relations })
  return statistics === undefined ? { notes: [busyNote] } : { statistics, notes: [] }
}

const busyNote = 'No estimates: the server did not answer a short sample in time.'
