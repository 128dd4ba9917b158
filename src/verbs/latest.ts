import { LockkeeperError } from '../model/errors.ts'
import { fold } from '../run/state.ts'
import { projectKey, type Target } from './target.ts'

/** A version of the application: the migration that made it, and the schema of its views. */
export interface Latest {
  readonly migration: string
  /** Absent where the migration has none. */
  readonly schema?: string
}

/**
 * What the database has as its newest version, by the history of pgroll where that stands and else by our journal; no file is read. Throws
 * `migration-unknown` where neither has one.
 */
export async function latestOf(target: Target, project: string | undefined): Promise<Latest> {
  const { searchPath } = await target.session.readCatalog()
  const schema = searchPath[0] ?? 'public'
  const found = (await byPgroll(target, schema)) ?? (await byJournal(target, projectKey(project, schema)))
  if (found !== undefined) return found
  throw new LockkeeperError('migration-unknown', `The schema ${schema} has no version yet: no file of pgroll has been applied to it.`, {
    hint: 'Apply one first: lockkeeper migrate FOLDER. What a folder would bring: lockkeeper latest schema --local FOLDER.',
    details: { schema },
  })
}

const newest = `
with recursive history (name, depth) as (
  select name, 1 from pgroll.migrations where schema = $1 and parent is null
  union all select m.name, h.depth + 1 from pgroll.migrations m join history h on m.schema = $1 and m.parent = h.name
)
select m.name, m.migration->>'version_schema' as version
from history h join pgroll.migrations m on m.schema = $1 and m.name = h.name
where coalesce(m.migration_type, 'pgroll') <> 'inferred'
order by h.depth desc limit 1`

async function byPgroll({ session }: Target, schema: string): Promise<Latest | undefined> {
  const [there] = await session.query(`select to_regclass('pgroll.migrations') is not null as there`)
  if (there?.['there'] !== true) return undefined
  const [row] = await session.query(newest, [schema])
  if (row === undefined) return undefined
  const { name, version } = row as { readonly name: string; readonly version: string | null }
  return { migration: name, schema: `${schema}_${version ?? name}` }
}

async function byJournal({ engine, session }: Target, project: string): Promise<Latest | undefined> {
  const journal = engine.journal(session)
  const there = [...fold(await journal.read(project))].filter(([, { state }]) => state === 'complete' || state === 'expanded')
  for (const [id] of there.toReversed()) {
    const shows = (await journal.stored(project, id))?.migration.shows
    if (shows !== undefined) return { migration: id, schema: shows }
  }
  return undefined
}
