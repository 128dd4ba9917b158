import { resolve } from 'node:path'
import type { Files } from '../model/adapter.ts'
import { elements, flag, setting } from './_config-text.ts'
import { entries, join, normal, readText, unreadable } from './_files.ts'

/** What kysely.config.ts, or the program that makes the Migrator, says of the migrations. */
export interface KyselyConfig {
  readonly folders: readonly string[]
  readonly table: string
  readonly lockTable: string
  readonly schema?: string
  /** Kysely runs what sorts before something that was run. */
  readonly unordered: boolean
  readonly inTransaction: boolean
  /** The file with the plugins of the Kysely that runs the migrations, which may change names; a `program` cannot be loaded without migrating. */
  readonly plugins?: { readonly file: string; readonly program: boolean }
}

/** What the child needs to know of it. */
export interface KyselySettings {
  /** Absolute; only where it has plugins. */
  readonly config?: string
  readonly inTransaction: boolean
}

const none: KyselyConfig = {
  folders: [],
  table: 'kysely_migration',
  lockTable: 'kysely_migration_lock',
  unordered: false,
  inTransaction: true,
}

const places = [
  '',
  '.config',
  'src',
  'scripts',
  'db',
  'src/db',
  'database',
  'src/database',
  'src/scripts',
  'src/lib',
  'migrations',
  'src/migrations',
]
const programs =
  /^(?:kysely|kysely\.config|migrate|migrator|migration|migrations|migrate-to-latest|migrateToLatest|db|database|index)\.[mc]?[jt]s$/

/** Read as text. A name that only running it could tell throws `source-unreadable`: a guess would take a full history for an empty one. */
export async function kyselyConfig(files: Files): Promise<KyselyConfig> {
  const found = (await Promise.all(places.map((place) => candidates(files, place)))).flat()
  const config = found.find(({ name }) => name.startsWith('kysely.config.'))
  const program = config ?? found.find(({ text }) => /\bnew\s+(?:Migrator|FileMigrationProvider)\b/.test(text))
  const plugged = config ?? found.find(({ text }) => /\bnew\s+Kysely\b/.test(text) && /\bplugins\s*:/.test(text))
  const plugins =
    plugged !== undefined && /\bplugins\s*:/.test(plugged.text) ? { file: plugged.file, program: config === undefined } : undefined
  return { ...(program === undefined ? none : read(program)), ...(plugins === undefined ? {} : { plugins }) }
}

/** Throws `source-unreadable` where only a program that migrates knows the plugins. */
export function kyselySettings(root: string, { plugins, inTransaction }: KyselyConfig): KyselySettings {
  if (plugins === undefined) return { inTransaction }
  if (plugins.program)
    throw unreadable({ file: plugins.file }, 'gives plugins to its Kysely, which may change the SQL, and Lockkeeper does not run it', {
      hint: 'Write a kysely.config.ts whose default export has the same list at plugins.',
    })
  return { inTransaction, config: resolve(root, plugins.file) }
}

interface Candidate {
  readonly name: string
  readonly file: string
  /** Its folder. */
  readonly place: string
  readonly text: string
}

async function candidates(files: Files, place: string): Promise<readonly Candidate[]> {
  const inside = await entries(files, place === '' ? '.' : place)
  const named = inside.filter(({ name, kind }) => kind === 'file' && programs.test(name))
  const read = named.map(async ({ name }) => ({
    name,
    place,
    file: join(place, name),
    text: (await readText(files, join(place, name))).text,
  }))
  return (await Promise.all(read)).filter(({ text }) => /\bkysely\b/i.test(text))
}

function read(candidate: Candidate): KyselyConfig {
  const { text, place } = candidate
  const schema = plain(candidate, 'migrationTableSchema')
  const parts = elements(text, 'migrationFolder').flatMap((part) => part ?? [])
  const folder = parts.join('/') || 'migrations'
  return {
    folders: [normal(`${place}/${folder}`), normal(folder)],
    table: plain(candidate, 'migrationTableName') ?? none.table,
    lockTable: plain(candidate, 'migrationLockTableName') ?? none.lockTable,
    ...(schema === undefined ? {} : { schema }),
    unordered: flag(text, 'allowUnorderedMigrations'),
    inTransaction: !flag(text, 'disableTransactions'),
  }
}

function plain({ file, text }: Candidate, key: string): string | undefined {
  const found = setting(text, key)
  if (found?.kind === 'code')
    throw unreadable({ file, line: found.line }, `computes ${key}, and Lockkeeper does not run it`, { hint: 'Write it out as a string.' })
  return found?.value
}
