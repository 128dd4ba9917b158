import type { History } from '../model/adapter.ts'
import { expandedIn, inFlight } from '../run/state.ts'
import type { LoadedMigrations } from './load-migrations.ts'
import { storedHistory } from './stored-history.ts'
import type { Target } from './target.ts'
import { readSituation } from './target.ts'

/** What `abort` works with: the files where they are there, else what the journal stored (H2). */
export interface AbortScene {
  readonly project: string
  readonly loaded: LoadedMigrations
  readonly history: History | undefined
}

/** Finds the history of the migration in flight; without files it is the one that the journal names. */
export async function abortScene(
  target: Target,
  loaded: LoadedMigrations | undefined,
  named: { readonly project?: string; readonly migration?: string },
): Promise<AbortScene> {
  const files = loaded ?? noFiles
  const situation = await readSituation(target, files, named.project)
  const schema = situation.catalog.searchPath[0] ?? 'public'
  if (loaded !== undefined) return { project: situation.project, loaded, history: loaded.history(schema) }
  const id = named.migration ?? [...inFlight(situation.progress), ...expandedIn(situation.progress)][0]
  const stored = id === undefined ? undefined : await target.engine.journal(target.session).stored(situation.project, id)
  return { project: situation.project, loaded: files, history: stored === undefined ? undefined : storedHistory(stored, schema) }
}

const noFiles: LoadedMigrations = { source: 'sql', root: '', path: '', migrations: [], history: () => undefined }
