import type { Adapter, Files, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { drizzleConfig } from './_drizzle-config.ts'
import { drizzleHistory } from './_drizzle-history.ts'
import { checkDialect, isRecord, loadJournal, scriptBytes } from './_drizzle-journal.ts'
import { entries, join, missing, readText, sha256, unreadable } from './_files.ts'
import { parseJson } from './_json.ts'

/** Drizzle 0.31 (`meta/_journal.json` and `NNNN_name.sql`) and 1.0 (a folder each, with migration.sql and snapshot.json). */
export const drizzle = {
  id: 'drizzle',
  detect,
  recognises,
  load,
  history: (location) => drizzleHistory(location.historySchema ?? 'drizzle', location.historyTable ?? '__drizzle_migrations'),
} satisfies Adapter

async function detect(files: Files): Promise<Location | undefined> {
  const { out } = await drizzleConfig(files)
  for (const path of [out, 'drizzle', 'src/db/migrations', 'src/drizzle', 'db/migrations', 'migrations', 'src/migrations']) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  if (!(await isJournaled(files, path)) && (await folders(files, path)).length === 0) return undefined
  const { historySchema, historyTable } = await drizzleConfig(files)
  return { source: 'drizzle', path, historySchema, historyTable }
}

async function load(files: Files, location: Location): Promise<readonly Migration[]> {
  if (await isJournaled(files, location.path)) return loadJournal(files, location.path)
  const names = await folders(files, location.path)
  if (names.length === 0) throw missing(location.path, 'holds no migrations of Drizzle')
  return Promise.all(names.toSorted((a, b) => a.localeCompare(b)).map((name) => readFolder(files, join(location.path, name), name)))
}

/** drizzle-orm 1.0 refuses a folder with a journal, so a journal decides. */
async function isJournaled(files: Files, path: string): Promise<boolean> {
  return (await files.exists(join(path, 'meta/_journal.json'))) === 'file'
}

/** The names of the folders that hold both files of a migration of 1.0. Drizzle takes any folder with a migration.sql; the snapshot tells it from Prisma's. */
async function folders(files: Files, path: string): Promise<readonly string[]> {
  const all = (await entries(files, path)).filter((entry) => entry.kind === 'folder')
  const holding = async (name: string): Promise<readonly string[]> => {
    const found = await Promise.all(all.map(async (entry) => (await files.exists(join(join(path, entry.name), name))) === 'file'))
    return all.filter((_entry, at) => found[at]).map((entry) => entry.name)
  }
  return (await holding('snapshot.json')).length === 0 ? [] : holding('migration.sql')
}

async function readFolder(files: Files, folder: string, name: string): Promise<Migration> {
  const file = join(folder, 'migration.sql')
  const when = folderTime(name)
  if (when === undefined)
    throw unreadable({ file: folder }, 'does not begin with the 14 digits of a time, from which Drizzle takes created_at')
  await checkSnapshot(files, join(folder, 'snapshot.json'))
  const { text, bytes } = await readText(files, file)
  return {
    id: name,
    source: 'drizzle',
    file,
    checksum: sha256(bytes),
    body: { kind: 'sql', bytes: scriptBytes(text, bytes) },
    transaction: 'batch',
    history: { layout: 1, when },
  }
}

async function checkSnapshot(files: Files, file: string): Promise<void> {
  if ((await files.exists(file)) !== 'file') return
  const { text } = await readText(files, file)
  const snapshot = parseJson(file, text)
  if (isRecord(snapshot)) checkDialect({ file, text }, snapshot['dialect'])
}

function folderTime(name: string): number | undefined {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)/.exec(name)
  if (digits === null) return undefined
  const [year = 0, month = 0, ...rest] = digits.slice(1).map(Number)
  return Date.UTC(year, month - 1, ...rest)
}
