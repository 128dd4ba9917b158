import { resolve } from 'node:path'
import type { Files } from '../model/adapter.ts'
import { elements, flag, setting } from './_config-text.ts'
import { entries, join, lineAt, normal, readText, unreadable } from './_files.ts'

/** What the knexfile says of its migrations. */
export interface KnexConfig {
  readonly file?: string
  readonly directories: readonly string[]
  readonly sortDirsSeparately: boolean
  /** With the dot. */
  readonly extensions: readonly string[]
  readonly table: string
  readonly schema?: string
  readonly inTransaction: boolean
  /** Code of the user's around the migrations. */
  readonly hook?: { readonly name: string; readonly line: number }
  /** Its text has an option by which Knex makes other SQL. */
  readonly shapesSql: boolean
}

/** What the child needs to know of it. */
export interface KnexSettings {
  /** Absolute; only where it makes Knex issue other SQL. */
  readonly knexfile?: string
  /** Whether a migration that does not say so itself runs in a transaction. */
  readonly inTransaction: boolean
}

// Of Knex's own list those that need no compiler of another language.
const extensions = ['.js', '.cjs', '.ts']

const none: KnexConfig = {
  directories: [],
  sortDirsSeparately: false,
  extensions,
  table: 'knex_migrations',
  inTransaction: true,
  shapesSql: false,
}

const places = ['', 'src', 'db', 'src/db', 'database', 'src/database', 'config', 'src/config', 'knex']

/** The knexfile, read as text. A name that only running it could tell throws `source-unreadable`: a guess would take a full history for an empty one. */
export async function knexConfig(files: Files): Promise<KnexConfig> {
  for (const place of places) {
    const inside = await entries(files, place === '' ? '.' : place)
    const found = inside.find(({ name, kind }) => kind === 'file' && /^knexfile\.[mc]?[jt]s$/.test(name))
    if (found === undefined) continue
    const file = join(place, found.name)
    return readConfig({ file, place }, (await readText(files, file)).text)
  }
  return none
}

/** Throws `source-unreadable` where the knexfile has more to be run than the migrations. */
export function knexSettings(root: string, { file, hook, shapesSql, inTransaction }: KnexConfig): KnexSettings {
  if (file !== undefined && hook !== undefined)
    throw unreadable({ file, line: hook.line }, `has ${hook.name}, whose SQL would be none of any migration`, {
      hint: 'Put that into the migrations that need it.',
    })
  return { ...(file === undefined || !shapesSql ? {} : { knexfile: resolve(root, file) }), inTransaction }
}

interface Knexfile {
  readonly file: string
  /** Its folder, to which its paths are relative. */
  readonly place: string
}

function readConfig(knexfile: Knexfile, text: string): KnexConfig {
  const schema = plain(knexfile, text, 'schemaName') ?? firstOfPath(text)
  const loaded = elements(text, pathOf(text, 'loadExtensions') ?? []).flatMap((extension) => extension ?? [])
  const directories = directoriesOf(knexfile, text)
  const hook = hookOf(text)
  return {
    file: knexfile.file,
    directories: directories.length > 0 ? directories : [normal(join(knexfile.place, 'migrations'))],
    sortDirsSeparately: flag(text, pathOf(text, 'sortDirsSeparately') ?? []),
    extensions: loaded.length > 0 ? loaded : extensions,
    table: plain(knexfile, text, 'tableName') ?? none.table,
    ...(schema === undefined ? {} : { schema }),
    inTransaction: !flag(text, pathOf(text, 'disableTransactions') ?? []),
    ...(hook === undefined ? {} : { hook }),
    shapesSql: shaping.test(text),
  }
}

// The options by which Knex makes other SQL or gives other rows to the code, and a client of the user's own.
const shaping =
  /\b(?:wrapIdentifier|postProcessResponse|knexSnakeCaseMappers|knexIdentifierMapping|searchPath|userParams|returning|useNullAsDefault)\b|\bclient\s*:\s*(?!["'`])/

// A deploy runs as production; a file may also describe one environment only, or share one object among all.
const environments = [['production'], [], ['staging'], ['development']]

function pathOf(text: string, key: string): readonly string[] | undefined {
  return environments.map((environment) => [...environment, 'migrations', key]).find((path) => setting(text, path) !== undefined)
}

function hookOf(text: string): KnexConfig['hook'] {
  for (const name of ['beforeAll', 'beforeEach', 'afterEach', 'afterAll']) {
    const found = setting(text, pathOf(text, name) ?? [])
    if (found !== undefined) return { name, line: found.line }
  }
  return undefined
}

/** Where nothing else is said, Knex makes its tables in the first schema of its search path. */
function firstOfPath(text: string): string | undefined {
  const [first] = environments.flatMap((environment) => elements(text, [...environment, 'searchPath']))
  return first?.[0]
}

function plain({ file }: Knexfile, text: string, key: string): string | undefined {
  const found = setting(text, pathOf(text, key) ?? [])
  if (found?.kind === 'code')
    throw unreadable({ file, line: found.line }, `computes ${key}, and Lockkeeper does not run it`, { hint: 'Write it out as a string.' })
  return found?.value
}

function directoriesOf({ file, place }: Knexfile, text: string): readonly string[] {
  return elements(text, pathOf(text, 'directory') ?? []).map((parts) => {
    if (parts !== undefined) return normal([place, ...parts].join('/'))
    throw unreadable({ file, line: lineAt(text, text.indexOf('directory')) }, 'computes the directory of its migrations', {
      hint: 'Write it out as a string.',
    })
  })
}
