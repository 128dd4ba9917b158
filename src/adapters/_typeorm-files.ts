import type { Files } from '../model/adapter.ts'
import { isScript, stem } from './_code-files.ts'
import { setting, strings } from './_config-text.ts'
import { entries, join, normal, parent, readText, unreadable } from './_files.ts'

/** The migration files of a folder, in name order: by content, or by a name that begins with a timestamp. A .js beside the .ts it was made from is left out. */
export async function migrationFiles(files: Files, folder: string): Promise<readonly string[]> {
  const inside = (await entries(files, folder)).filter((entry) => entry.kind === 'file' && isScript(entry.name))
  const sources = new Set(inside.filter((entry) => /\.[mc]?ts$/.test(entry.name)).map((entry) => stem(entry.name)))
  const single = inside.filter((entry) => /\.[mc]?ts$/.test(entry.name) || !sources.has(stem(entry.name)))
  const found = await Promise.all(single.map((entry) => isMigration(files, join(folder, entry.name), entry.name)))
  return single.filter((_entry, at) => found[at]).map((entry) => join(folder, entry.name))
}

async function isMigration(files: Files, path: string, name: string): Promise<boolean> {
  const { text } = await readText(files, path)
  if (/["']@mikro-orm\//.test(text)) return false
  const timed = /^\d{13}-/.test(name) || /\bclass\s+[\p{L}\p{N}_$]*\d{13}\b/u.test(text)
  return (timed && /\bup\b|queryRunner|class/.test(text)) || /\bimplements\s+(?:[\w.]*\.)?MigrationInterface\b/.test(text)
}

export interface TypeormConfig {
  readonly table?: string
  readonly schema?: string
  readonly mode: 'all' | 'each' | 'none'
  /** Folders of the globs in `migrations`. */
  readonly folders: readonly string[]
}

/** What the child needs to know of it. */
export interface TypeormSettings {
  readonly schema?: string
  /** Whether a migration that does not say so itself runs in a transaction. */
  readonly inTransaction: boolean
}

const places = ['', 'src', 'src/database', 'src/db', 'src/config', 'database', 'db', 'config', 'src/typeorm', 'typeorm']
const names = ['data-source', 'datasource', 'dataSource', 'ormconfig', 'typeorm.config', 'typeorm-config', 'database', 'config']

/** What the DataSource says of its migrations, read as text. A name that only running it could tell throws `source-unreadable`. */
export async function typeormConfig(files: Files): Promise<TypeormConfig> {
  for (const place of places) {
    const inside = await entries(files, place === '' ? '.' : place)
    for (const entry of inside.filter(
      (each) => /\.(?:[mc]?[jt]s|json)$/.test(each.name) && names.includes(each.name.replace(/\.(?:[mc]?[jt]s|json)$/, '')),
    )) {
      const file = join(place, entry.name)
      const { text } = await readText(files, file)
      if (/\bDataSource\b|\bmigrations\b/.test(text) && /["'`]postgres["'`]/.test(text)) return readConfig(file, text)
    }
  }
  return { mode: 'all', folders: [] }
}

function readConfig(file: string, text: string): TypeormConfig {
  const [table, schema, mode] = [
    plain(file, text, 'migrationsTableName'),
    plain(file, text, 'schema'),
    plain(file, text, 'migrationsTransactionMode'),
  ]
  const folders = strings(text, 'migrations').flatMap((glob) => folderOf(file, glob))
  return {
    ...(table === undefined ? {} : { table }),
    ...(schema === undefined ? {} : { schema }),
    mode: mode === 'each' || mode === 'none' ? mode : 'all',
    folders,
  }
}

function plain(file: string, text: string, key: string): string | undefined {
  const found = setting(text, [key])
  if (found?.kind === 'code')
    throw unreadable({ file, line: found.line }, `computes ${key}, and Lockkeeper does not run it`, { hint: 'Write it out as a string.' })
  return found?.value
}

/** `src/migrations/*.ts`, `/../migrations/*{.ts,.js}` after __dirname, `dist/migrations/*.js`: the folders that each may mean. */
function folderOf(file: string, glob: string): readonly string[] {
  const folder = parent(glob.replace(/[*{].*$/, 'x')).replace(/^\.?\//, '')
  const built = folder.replace(/^(?:dist|build|out|lib)\//, 'src/')
  return [built, folder, normal(join(parent(file), folder))]
}
