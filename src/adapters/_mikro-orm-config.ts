import type { Files } from '../model/adapter.ts'
import { setting } from './_config-text.ts'
import { join, readText, unreadable } from './_files.ts'
import { parseJson } from './_json.ts'

/** What mikro-orm.config says of the migrations. */
export interface MikroOrmConfig {
  /** Of the sources first, then of what is made of them. */
  readonly folders: readonly string[]
  readonly table: string
  readonly tableSchema?: string
  /** Of the objects that unqualified names mean. */
  readonly schema?: string
  readonly transaction: 'batch' | 'file' | 'none'
}

const places = ['', 'src', 'src/config', 'config', 'src/db', 'src/database', 'db', 'database']

/** Reads it as text. A name that only running it could tell throws `source-unreadable`: a guess would take a full history for an empty one. */
export async function mikroOrmConfig(files: Files): Promise<MikroOrmConfig> {
  const found = await configFile(files)
  if (found === undefined) return { folders: [], table: 'mikro_orm_migrations', transaction: 'batch' }
  const { text } = found
  const schema = plain(found, ['schema'])
  const [tableSchema, table] = split(plain(found, ['migrations', 'tableName']) ?? 'mikro_orm_migrations')
  const folders = ['pathTs', 'path'].flatMap((key) => folderOf(setting(text, ['migrations', key])))
  return {
    folders,
    table,
    transaction: transactionIn(text),
    ...(schema === undefined ? {} : { schema }),
    ...(tableSchema === undefined ? {} : { tableSchema }),
  }
}

interface Config {
  readonly file: string
  readonly text: string
}

async function configFile(files: Files): Promise<Config | undefined> {
  const named = places.flatMap((place) =>
    ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((ending) => join(place, `mikro-orm.config.${ending}`)),
  )
  for (const file of [...(await fromPackage(files)), ...named]) {
    if ((await files.exists(file)) === 'file') return { file, text: (await readText(files, file)).text }
  }
  return undefined
}

/** `"mikro-orm": { "configPaths": ["./src/orm.ts"] }` */
async function fromPackage(files: Files): Promise<readonly string[]> {
  if ((await files.exists('package.json')) !== 'file') return []
  const content = parseJson('package.json', (await readText(files, 'package.json')).text) as {
    readonly 'mikro-orm'?: { readonly configPaths?: unknown }
  }
  const paths = content?.['mikro-orm']?.configPaths
  return Array.isArray(paths) ? paths.filter((path) => typeof path === 'string').map((path) => path.replace(/^\.\//, '')) : []
}

function plain({ file, text }: Config, path: readonly string[]): string | undefined {
  const found = setting(text, path)
  if (found?.kind === 'code')
    throw unreadable({ file, line: found.line }, `computes ${path.join('.')}, and Lockkeeper does not run it`, {
      hint: 'Write it out as a string.',
    })
  return found?.value
}

/** `audit.done`: the schema of the table before the dot. */
function split(name: string): readonly [string | undefined, string] {
  const [first = '', second] = name.split('.')
  return second === undefined ? [undefined, first] : [first, second]
}

function folderOf(found: ReturnType<typeof setting>): readonly string[] {
  if (found?.kind !== 'text') return []
  const path = found.value.replace(/^\.?\//, '').replace(/\/$/, '')
  return [path.replace(/^(?:dist|build|out|lib)\//, 'src/'), path]
}

function transactionIn(text: string): MikroOrmConfig['transaction'] {
  const isOff = (key: string): boolean => new RegExp(`\\bmigrations\\b[\\s\\S]*?\\b${key}\\b["']?\\s*:\\s*false\\b`).test(text)
  if (isOff('transactional')) return 'none'
  return isOff('allOrNothing') ? 'file' : 'batch'
}
