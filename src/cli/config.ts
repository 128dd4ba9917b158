import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { lilconfig } from 'lilconfig'
import { LockkeeperError } from '../model/errors.ts'

/** lockkeeper.config.ts, .js or .json. Times are text as in the flags: "100ms", "30min". */
export interface Config {
  readonly databaseUrl?: string
  /** Asked at each connect, for credentials that rotate. It wins over the URL's password. */
  readonly password?: () => string | Promise<string>
  readonly source?: 'auto' | 'sql' | 'prisma' | 'drizzle' | 'typeorm'
  /** Path of the migrations, relative to the config file. */
  readonly migrations?: string
  readonly schema?: string
  readonly role?: string
  /** Keeps the journals of several projects in one schema apart. */
  readonly project?: string
  readonly server?: string
  readonly shadowUrl?: string
  readonly failOn?: 'error' | 'warning' | 'never'
  readonly allow?: readonly string[]
  readonly window?: string
  readonly lockTimeout?: string
  readonly statementTimeout?: string
  readonly maxLockWait?: string
  readonly maxAttempts?: number
  readonly runLockTimeout?: string
}

/** Gives back what it is given: only for the types in an editor. */
export function defineConfig(config: Config): Config {
  return config
}

export interface LoadedConfig {
  readonly config: Config
  /** Absolute; undefined where no file was found. */
  readonly file: string | undefined
  /** Paths in the file are relative to this folder. */
  readonly folder: string
}

const names = ['lockkeeper.config.ts', 'lockkeeper.config.js', 'lockkeeper.config.mjs', 'lockkeeper.config.json']

/** Reads the file named, or the first one found from `cwd` upward. Throws `config-invalid`, never with the file's text in the message. */
export async function loadConfig(cwd: string, named?: string): Promise<LoadedConfig> {
  const loaders = { '.ts': loadModule, '.js': loadModule, '.mjs': loadModule, '.json': loadJson }
  const finder = lilconfig('lockkeeper', { searchPlaces: names, loaders, cache: false })
  const found = named === undefined ? await finder.search(cwd) : await finder.load(await existing(cwd, named))
  if (found === null) return { config: {}, file: undefined, folder: cwd }
  const { validateConfig } = await import('./config-schema.ts')
  const shown = relative(cwd, found.filepath)
  const config = validateConfig(shown, found.isEmpty === true ? {} : found.config) as Config
  return { config, file: found.filepath, folder: dirname(found.filepath) }
}

async function existing(cwd: string, named: string): Promise<string> {
  const file = isAbsolute(named) ? named : resolve(cwd, named)
  await readFile(file).catch(() => {
    throw new LockkeeperError('config-invalid', `There is no configuration file ${named}.`, { hint: 'Check --config.' })
  })
  return file
}

// No cache on disk: it would hold the configuration, secrets and all, in a temporary folder.
async function loadModule(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const library = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : '../index.js', import.meta.url).pathname
  const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false, alias: { lockkeeper: library } })
  try {
    return await jiti.import(file, { default: true })
  } catch (error) {
    throw unreadable(file, error)
  }
}

async function loadJson(file: string, content: string): Promise<unknown> {
  try {
    return await Promise.resolve(JSON.parse(content))
  } catch (error) {
    throw unreadable(file, error)
  }
}

// The message of a syntax error can quote the file, and the file can hold a password: only kind and place are passed on.
function unreadable(file: string, error: unknown): LockkeeperError {
  const syntax = error instanceof Error && error.name === 'SyntaxError'
  const text = error instanceof Error ? error.message : ''
  const place = /\((\d+:\d+)\)/.exec(text)?.[1] ?? /position (\d+)/.exec(text)?.[0]
  const missing = /Cannot find (?:module|package) '([^']*)'/.exec(text)?.[1]
  const why = missing !== undefined ? `it imports ${missing}, which is not installed` : syntax || file.endsWith('.json') ? 'it has a syntax error' : 'it threw an error while it was loaded'
  return new LockkeeperError('config-invalid', `${file} cannot be read: ${why}${place === undefined ? '' : ` (${place})`}.`, { hint: 'Mend the file.', details: { file } })
}
