import { diskFiles } from '../adapters/_disk-files.ts'
import { adapters } from '../adapters/index.ts'
import { sqlMigration } from '../adapters/_sql-migration.ts'
import { withUpDownFiles } from '../adapters/_up-down-file.ts'
import type { Adapter, CodeRun, Files, History, LoadOptions, Location } from '../model/adapter.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration, SourceId } from '../model/migration.ts'
import { postgresDialect } from '../postgres/quote.ts'
import { present } from '../std/present.ts'

export interface LoadMigrationsOptions {
  /** The project's folder; paths are relative to it. */
  readonly root: string
  /** `auto`, the default, looks for the layouts of all sources. */
  readonly source?: 'auto' | SourceId
  /** A folder or file; `-` for SQL from `standardInput`. Without it the usual places are looked at. */
  readonly path?: string
  readonly standardInput?: () => Promise<Uint8Array>
  /** A throw-away database for migrations that are code and ask the database. */
  readonly sandboxUrl?: () => Promise<string>
  readonly signal?: AbortSignal
}

export interface LoadedMigrations {
  readonly source: SourceId
  /** The project's folder. */
  readonly root: string
  /** Where they were found, for messages. */
  readonly path: string
  /** In the order in which the ORM would run them. */
  readonly migrations: readonly Migration[]
  /** The ORM's own record in a database, for objects in this schema by default; undefined for sources without one. */
  readonly history: (defaultSchema: string) => History | undefined
  /** Runs a migration that is code and reads rows; absent for sources that have none. */
  readonly execute?: (run: CodeRun) => Promise<void>
}

/**
 * Reads all migrations of a project. Throws `source-missing`, `source-ambiguous` and `source-unreadable` with file and line.
 * Nothing is run, save migrations that are code (TypeORM, Knex, Kysely), whose `up` is recorded in a child process.
 */
export async function loadMigrations(options: LoadMigrationsOptions): Promise<LoadedMigrations> {
  if (options.path === '-') return await fromStandardInput(options)
  const files = diskFiles(options.root)
  const { adapter, location } = await locate(files, options)
  const { signal = neverAborted, sandboxUrl } = options
  const load: LoadOptions = { signal, dialect: postgresDialect, ...present({ sandboxUrl }) }
  return {
    source: location.source,
    root: options.root,
    path: location.path,
    migrations: await withUpDownFiles(files, location.path, await adapter.load(files, location, load)),
    history: (schema) => adapter.history?.(location, schema),
    ...present({ execute: executor(adapter, files, location) }),
  }
}

function executor(adapter: Adapter, files: Files, location: Location): LoadedMigrations['execute'] {
  return adapter.execute === undefined ? undefined : async (run) => await adapter.execute?.(files, location, run)
}

const neverAborted = new AbortController().signal

async function fromStandardInput(options: LoadMigrationsOptions): Promise<LoadedMigrations> {
  const bytes = (await options.standardInput?.()) ?? new Uint8Array()
  return { source: 'sql', root: options.root, path: '-', migrations: [sqlMigration('stdin.sql', bytes)], history: () => undefined }
}

export interface Found {
  readonly adapter: Adapter
  readonly location: Location
}

/** Which source a path is of, or where in the project migrations are. */
export async function locate(files: Files, options: Pick<LoadMigrationsOptions, 'source' | 'path'>): Promise<Found> {
  const { source = 'auto', path } = options
  const candidates = adapters.filter((adapter) => source === 'auto' || adapter.id === source)
  const found = await findAll(files, candidates, path)
  // A folder of SQL files is also what is left when a tool's own layout is there: the tool wins.
  const tools = found.filter(({ adapter }) => adapter.id !== 'sql')
  const best = tools.length > 0 ? tools : found
  const [first, second] = best
  if (first === undefined) throw await nothingFound(files, source, path)
  if (second !== undefined) throw ambiguous(best)
  return first
}

async function findAll(files: Files, candidates: readonly Adapter[], path: string | undefined): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const adapter of candidates) {
    const location = path === undefined ? await adapter.detect(files) : await adapter.recognises(files, path)
    if (location !== undefined) found.push({ adapter, location })
  }
  return found
}

async function nothingFound(files: Files, source: string, path: string | undefined): Promise<LockkeeperError> {
  const kind = source === 'auto' ? '' : ` of ${source}`
  if (path === undefined)
    return new LockkeeperError('source-missing', `No migrations${kind} were found in ${files.root}.`, { details: { root: files.root } })
  if ((await files.exists(path)) === undefined)
    return new LockkeeperError('source-missing', `${path} does not exist.`, { details: { path } })
  return new LockkeeperError('source-missing', `${path} holds no migrations${kind} that lockkeeper knows.`, { details: { path } })
}

function ambiguous(found: readonly Found[]): LockkeeperError {
  const places = found.map(({ adapter, location }) => `${adapter.id} in ${location.path}`)
  return new LockkeeperError('source-ambiguous', `Migrations of several kinds were found: ${places.join(', ')}.`, { details: { places } })
}
