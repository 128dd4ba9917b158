import type { Adapter, Files, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { entries, join, missing, readText, unreadable } from './_files.ts'
import { sqlMigration } from './_sql-migration.ts'

/** A folder of .sql files in name order, or one file. Subfolders and `.down.sql` files are no migrations. It has no history but our journal. */
export const sql = { id: 'sql', detect, recognises, load } satisfies Adapter

async function detect(files: Files): Promise<Location | undefined> {
  for (const path of usual) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

// Where dbmate, Supabase, golang-migrate, goose and hand-made projects keep them.
const usual = ['migrations', 'db/migrations', 'database/migrations', 'sql/migrations', 'supabase/migrations', 'sql']

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  const found: Location = { source: 'sql', path }
  if ((await files.exists(path)) === 'file') return isMigration(path) ? found : undefined
  if ((await files.exists(join(path, 'meta/_journal.json'))) !== undefined) return undefined
  const inside = await entries(files, path)
  return inside.some((entry) => entry.kind === 'file' && isMigration(entry.name)) ? found : undefined
}

async function load(files: Files, location: Location): Promise<readonly Migration[]> {
  const paths = await migrationFiles(files, location.path)
  checkNumbers(paths)
  return Promise.all(paths.map((path) => readMigration(files, path)))
}

function isMigration(name: string): boolean {
  return /\.sql$/i.test(name) && !/\.down\.sql$/i.test(name)
}

async function migrationFiles(files: Files, path: string): Promise<readonly string[]> {
  if ((await files.exists(path)) === 'file') return [path]
  const inside = await files.list(path)
  const found = inside.filter((entry) => entry.kind === 'file' && isMigration(entry.name)).map((entry) => join(path, entry.name))
  if (found.length === 0) throw missing(path, 'holds no .sql files')
  return found
}

async function readMigration(files: Files, path: string): Promise<Migration> {
  const { bytes } = await readText(files, path)
  return sqlMigration(path, bytes)
}

/** `10_b.sql` sorts before `2_a.sql`: name order and the order that was meant differ, and running it the wrong way round cannot be taken back. */
function checkNumbers(paths: readonly string[]): void {
  let last: { readonly path: string; readonly number: number } | undefined
  for (const path of paths) {
    const digits = /(?:^|\/)[vV]?(\d+)[^/]*$/.exec(path)?.[1]
    if (digits === undefined) continue
    const number = Number(digits)
    if (last !== undefined && number < last.number) {
      throw unreadable({ file: path }, `comes after ${last.path} in name order, though its number is lower`, {
        hint: 'Pad the numbers to the same width.',
      })
    }
    last = { path, number }
  }
}
