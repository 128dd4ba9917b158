import type { BackfillState } from '../model/backfill.ts'
import { present } from '../std/present.ts'
import { displayName } from './backfills.ts'
import type { Health } from './health.ts'
import { healthOf } from './health.ts'
import type { LoadedMigrations } from './load-migrations.ts'
import type { MigrationState } from './states.ts'
import { standingsOf } from './states.ts'
import type { Target } from './target.ts'
import { readSituation } from './target.ts'

export interface Status extends Health {
  readonly project: string
  readonly migrations: readonly {
    readonly id: string
    readonly source: string
    readonly state: MigrationState
    readonly step?: string
    readonly ormRecorded?: boolean
    readonly changed: boolean
  }[]
  /** Batched changes of rows that are not done, those of other projects in this database too. */
  readonly backfills: readonly (BackfillState & { readonly name: string })[]
  /** Recorded in the ORM's history without a file. */
  readonly unknown: readonly string[]
}

/** What stands where: by migration, and what is unfinished in the schema. Reads only. */
export async function readStatus(target: Target, loaded: LoadedMigrations, project?: string): Promise<Status> {
  const situation = await readSituation(target, loaded, project)
  const migrations = standingsOf(loaded.migrations, situation).map(({ migration, state, step, ormRecorded, changed }) => ({
    id: migration.id,
    source: migration.source,
    state,
    ...present({ step, ormRecorded }),
    changed,
  }))
  const backfills = (await target.engine.backfills(target.session).list()).filter(({ done }) => !done)
  const named = backfills.map((state) => ({ ...state, name: displayName(state.key) }))
  return {
    project: situation.project,
    migrations,
    backfills: named,
    unknown: situation.history?.unknown ?? [],
    ...healthOf(situation.catalog),
  }
}
