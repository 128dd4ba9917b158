import { isAbsolute, relative, resolve, sep } from 'node:path'
import { diskFiles } from '../adapters/_disk-files.ts'
import { adapters } from '../adapters/index.ts'
import type { Files } from '../model/adapter.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Migration } from '../model/migration.ts'
import { present } from '../std/present.ts'
import { changedSince } from './git.ts'
import type { LoadedMigrations, LoadMigrationsOptions } from './load-migrations.ts'
import { loadMigrations } from './load-migrations.ts'

export interface SelectOptions extends Omit<LoadMigrationsOptions, 'path'> {
  /** Folders, or single migrations; none: the usual places. */
  readonly paths: readonly string[]
  /** A commit or branch: only what is new or changed since then is judged. */
  readonly since?: string
}

/** What is to be judged, and what ran before it. */
export interface Selection {
  readonly loaded: LoadedMigrations
  /** Undefined: all. */
  readonly chosen: ReadonlySet<string> | undefined
}

/** Finds the migrations that the paths mean; a path to a single one brings the folder that it belongs to with it, as its history. */
export async function selectMigrations(options: SelectOptions): Promise<Selection> {
  const [first, ...more] = options.paths
  const files = diskFiles(options.root)
  const layout = first === undefined || first === '-' ? undefined : await layoutOf(files, first)
  const path = layout ?? first
  const loaded = await loadMigrations({ ...options, ...present({ path }) })
  if (options.since !== undefined) return { loaded, chosen: await changed(options, loaded, options.since) }
  if (first === undefined || (layout === undefined && more.length === 0)) return { loaded, chosen: undefined }
  return { loaded, chosen: named(options, loaded) }
}

/** The folder of a tool, or of numbered SQL files, that a single migration belongs to; undefined where the path is no single migration. */
async function layoutOf(files: Files, path: string): Promise<string | undefined> {
  const tools = adapters.filter((adapter) => adapter.id !== 'sql')
  const isTool = async (folder: string) =>
    (await Promise.all(tools.map((tool) => tool.recognises(files, folder)))).some((found) => found !== undefined)
  const kind = await files.exists(path)
  // A single file of pgroll is recognised by itself, and still one of a folder.
  if (kind === undefined || (kind === 'folder' && (await isTool(path)))) return undefined
  for (const folder of [resolve(files.root, path, '..'), resolve(files.root, path, '../..')]) {
    const inside = relative(files.root, folder)
    if (inside !== '' && !inside.startsWith('..') && (await isTool(inside))) return inside
  }
  return (await isNumbered(files, path)) ? relative(files.root, resolve(files.root, path, '..')) || '.' : undefined
}

// A file whose name begins with a number among others that do is one of a row; any other file stands alone.
async function isNumbered(files: Files, path: string): Promise<boolean> {
  if ((await files.exists(path)) !== 'file') return false
  const file = resolve(files.root, path)
  const folder = resolve(file, '..')
  const numbered = (name: string) => /^[vV]?\d+.*\.sql$/i.test(name)
  const siblings = (await files.list(folder)).filter((entry) => entry.kind === 'file' && numbered(entry.name))
  return siblings.length > 1 && siblings.some((entry) => resolve(folder, entry.name) === file)
}

function named(options: SelectOptions, loaded: LoadedMigrations): ReadonlySet<string> {
  const ids = options.paths.map((path) => {
    const wanted = resolve(options.root, path)
    const found = loaded.migrations.find((migration) => isIn(options.root, migration, wanted))
    if (found === undefined)
      throw new LockkeeperError('source-missing', `${path} is no migration of ${loaded.path}.`, { details: { path } })
    return found.id
  })
  return new Set(ids)
}

function isIn(root: string, migration: Migration, wanted: string): boolean {
  const file = isAbsolute(migration.file) ? migration.file : resolve(root, migration.file)
  return file === wanted || file.startsWith(wanted + sep)
}

async function changed(options: SelectOptions, loaded: LoadedMigrations, since: string): Promise<ReadonlySet<string>> {
  const files = await changedSince(options.root, since, options.signal)
  return new Set(loaded.migrations.filter((migration) => files.has(resolve(options.root, migration.file))).map((migration) => migration.id))
}
