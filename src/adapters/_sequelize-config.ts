import type { Files } from '../model/adapter.ts'
import { setting } from './_config-text.ts'
import { entries, join, readText, unreadable } from './_files.ts'
import type { SequelizeSettings } from './_sequelize-process.ts'

/** What .sequelizerc, the CLI's config, or a file that makes an Umzug says of the migrations. */
export interface SequelizeConfig {
  readonly isUsed: boolean
  readonly folders: readonly string[]
  readonly table: string
  readonly schema?: string
  readonly context: SequelizeSettings['context']
}

/**
 * Reads them as text. A name of the history that only running the file could tell throws `source-unreadable`: a guess would take a full history
 * for an empty one.
 */
export async function sequelizeConfig(files: Files): Promise<SequelizeConfig> {
  const rc = await readIf(files, '.sequelizerc')
  const umzug = await umzugFile(files)
  const config = await firstOf(files, [pathIn(rc?.text ?? '', 'config'), ...configs])
  const schema = named(config, 'migrationStorageTableSchema') ?? inStorage(umzug, 'schema')
  const folders = [pathIn(rc?.text ?? '', 'migrations-path'), folderOf(umzug)]
  return {
    isUsed: rc !== undefined || umzug !== undefined || (await isDependency(files)),
    folders: folders.filter((folder) => folder !== undefined),
    table: tableOf(config, umzug),
    context: contextOf(umzug),
    ...(schema === undefined ? {} : { schema }),
  }
}

function tableOf(config: Text | undefined, umzug: Text | undefined): string {
  return named(config, 'migrationStorageTableName') ?? inStorage(umzug, 'tableName') ?? inStorage(umzug, 'modelName') ?? 'SequelizeMeta'
}

function contextOf(umzug: Text | undefined): SequelizeSettings['context'] {
  return /\bcontext\s*:\s*\w*sequelize\w*\s*[,}\n]/i.test(umzug?.text ?? '') ? 'sequelize' : 'query-interface'
}

interface Text {
  readonly file: string
  readonly text: string
}

const configs = ['json', 'js', 'cjs', 'ts'].flatMap((extension) =>
  ['config/config', 'config/database', 'src/config/config', 'src/config/database'].map((name) => `${name}.${extension}`),
)

async function readIf(files: Files, file: string): Promise<Text | undefined> {
  return (await files.exists(file)) === 'file' ? { file, text: (await readText(files, file)).text } : undefined
}

async function firstOf(files: Files, paths: readonly (string | undefined)[]): Promise<Text | undefined> {
  for (const path of paths) {
    const found = path === undefined ? undefined : await readIf(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

/** `'migrations-path': path.resolve('db', 'migrations')`, or a plain string. */
function pathIn(text: string, key: string): string | undefined {
  const value = new RegExp(`["']${key}["']\\s*:\\s*([^\\n]*)`).exec(text)?.[1] ?? ''
  const words = [...value.replace(/\)[\s\S]*$/, '').matchAll(/["'`]([^"'`]*)["'`]/g)].map((match) => match[1] ?? '')
  const path = words
    .join('/')
    .replace(/^\.?\//, '')
    .replaceAll('/./', '/')
  return path === '' ? undefined : path
}

function named(config: Text | undefined, key: string): string | undefined {
  const found =
    config === undefined ? undefined : new RegExp(`["']?\\b${key}\\b["']?\\s*:\\s*(?:["'\`]([^"'\`]+)["'\`]|(.))`).exec(config.text)
  if (found === undefined || found === null) return undefined
  if (found[1] === undefined)
    throw unreadable({ file: config?.file ?? '' }, `computes ${key}, and Lockkeeper does not run it`, {
      hint: 'Write the name out as a string.',
    })
  return found[1]
}

/** In the options of `new SequelizeStorage({ ... })`. */
function inStorage(umzug: Text | undefined, key: string): string | undefined {
  const start = umzug?.text.search(/\bSequelizeStorage\s*\(/) ?? -1
  if (umzug === undefined || start < 0) return undefined
  const options = umzug.text.slice(start, umzug.text.indexOf(')', start) + 1)
  const found = setting(options, [key])
  if (found?.kind === 'code')
    throw unreadable({ file: umzug.file }, `computes ${key} of SequelizeStorage, and Lockkeeper does not run it`, {
      hint: 'Write the name out as a string.',
    })
  return found?.value
}

/** `glob: 'src/migrations/*.ts'`, with or without a join before it. */
function folderOf(umzug: Text | undefined): string | undefined {
  const glob = /\bglob\s*:\s*([^\n]*)/.exec(umzug?.text ?? '')?.[1] ?? ''
  const words = [...glob.matchAll(/["'`]([^"'`]*)["'`]/g)].map((match) => match[1] ?? '')
  const path = words
    .filter((word) => word !== '')
    .join('/')
    .replace(/\$\{__dirname\}/, '')
    .replace(/\/?[^/]*[*{].*$/, '')
    .replace(/^\.?\//, '')
  return path === '' ? undefined : path
}

async function umzugFile(files: Files): Promise<Text | undefined> {
  for (const folder of ['.', 'src', 'db', 'src/db', 'database', 'src/database', 'scripts', 'lib', 'config']) {
    for (const { name, kind } of await entries(files, folder)) {
      if (kind !== 'file' || !/^(?:umzug|migrat\w*|run-migrations|db|database|sequelize)\.[mc]?[jt]s$/.test(name)) continue
      const found = await readIf(files, join(folder, name))
      if (found !== undefined && /\bnew\s+Umzug\b/.test(found.text) && /\bSequelize/.test(found.text)) return found
    }
  }
  return undefined
}

async function isDependency(files: Files): Promise<boolean> {
  const found = await readIf(files, 'package.json')
  return found !== undefined && /"(?:sequelize|sequelize-cli|sequelize-typescript)"\s*:/.test(found.text)
}
