import type { Files } from '../model/adapter.ts'
import { isScript, stem } from './_code-files.ts'
import { entries, join, readText } from './_files.ts'

/** The scripts of a folder in name order. A .js beside the .ts it was made from is left out. */
export async function migrationFiles(files: Files, folder: string): Promise<readonly string[]> {
  const inside = (await entries(files, folder)).filter(({ name, kind }) => kind === 'file' && isScript(name))
  const sources = new Set(inside.filter(({ name }) => /\.[mc]?ts$/.test(name)).map(({ name }) => stem(name)))
  return inside.filter(({ name }) => /\.[mc]?ts$/.test(name) || !sources.has(stem(name))).map(({ name }) => join(folder, name))
}

/** Whether some file of the folder is surely one of Sequelize's. */
export async function areMigrations(files: Files, folder: string, isUsed: boolean): Promise<boolean> {
  for (const file of await migrationFiles(files, folder)) {
    const { text } = await readText(files, file)
    if (!/\bup\b/.test(text) || /\bpgm\b|\bknex\b|\bKysely\b|\bMigrationInterface\b|@mikro-orm/.test(text)) continue
    if (/\bqueryInterface\b|\bQueryInterface\b|["']sequelize["']|["']umzug["']/.test(text) || (isUsed && /\bcontext\b/.test(text)))
      return true
  }
  return false
}
