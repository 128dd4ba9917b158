import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, relative, resolve } from 'node:path'
import { lilconfig } from 'lilconfig'
import { LockkeeperError } from '../model/errors.ts'
import { ownFile } from '../std/own-files.ts'
import type { Config } from './define-config.ts'

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

// No cache on disk: it would hold the configuration, secrets and all, in a temporary folder. The library is this one, so that
// `npx lockkeeper` works in a project that has not installed it; a configuration needs nothing of it but defineConfig.
async function loadModule(file: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false, alias: { lockkeeper: ownFile('cli/define-config.ts') } })
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
  const why =
    missing !== undefined
      ? `it imports ${missing}, which is not installed`
      : syntax || file.endsWith('.json')
        ? 'it has a syntax error'
        : 'it threw an error while it was loaded'
  return new LockkeeperError('config-invalid', `${file} cannot be read: ${why}${place === undefined ? '' : ` (${place})`}.`, {
    hint: 'Mend the file.',
    details: { file },
  })
}
