import type { Adapter, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { base, entries, join, missing, readText, sha256, unreadable } from './_files.ts'
import { pgrollHistory } from './_pgroll-history.ts'

/** pgroll: a folder of files of operations, in JSON or YAML. Each is read as the plain SQL that ends where pgroll's start and complete end. */
export const pgroll = {
  id: 'pgroll',
  detect,
  recognises,
  load,
  history: (_location, defaultSchema) => pgrollHistory(defaultSchema),
} satisfies Adapter

// pgroll has no configuration: its folder is an argument. These are where its documentation and projects have it.
const usual = ['migrations', 'db/migrations', 'pgroll', 'db/pgroll', 'pgroll/migrations', 'database/migrations', 'sql/migrations']

async function detect(files: Files): Promise<Location | undefined> {
  for (const path of usual) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  for (const file of await filesAt(files, path)) if (await holdsOperations(files, file)) return { source: 'pgroll', path }
  return undefined
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const paths = await filesAt(files, location.path)
  if (paths.length === 0) throw missing(location.path, 'holds no files of pgroll')
  const migrations = await Promise.all(paths.map((path) => readMigration(files, path, options)))
  const twice = migrations.find(({ id }, at) => migrations.findIndex((other) => other.id === id) !== at)
  if (twice !== undefined) throw unreadable({ file: twice.file }, `has the name of another migration, ${twice.id}, in another format`)
  return migrations
}

async function readMigration(files: Files, file: string, { dialect }: LoadOptions): Promise<Migration> {
  const { text, bytes } = await readText(files, file)
  // YAML takes time to load, and few projects need it.
  const { readPgroll } = await import('./_pgroll-file.ts')
  const { statements, transaction, stored, version } = readPgroll({ file, text }, dialect)
  const id = base(file).replace(/\.[^.]*$/, '')
  return {
    id,
    source: 'pgroll',
    file,
    checksum: sha256(bytes),
    body: { kind: 'recorded', bytes, statements, assumptions: [] },
    transaction,
    version: version ?? id,
    history: { stored },
  }
}

/** All that pgroll would take from the folder, in its order: by name. */
async function filesAt(files: Files, path: string): Promise<readonly string[]> {
  if ((await files.exists(path)) === 'file') return isPgroll(path) ? [path] : []
  const inside = await entries(files, path)
  return inside.filter((entry) => entry.kind === 'file' && isPgroll(entry.name)).map((entry) => join(path, entry.name))
}

function isPgroll(name: string): boolean {
  return /\.(?:json|ya?ml)$/.test(name)
}

async function holdsOperations(files: Files, path: string): Promise<boolean> {
  return /^\s*["']?operations["']?\s*:/m.test((await readText(files, path)).text.replace(/[{,]/g, '$&\n'))
}
