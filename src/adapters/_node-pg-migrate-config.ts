import type { Files } from '../model/adapter.ts'
import { setting } from './_config-text.ts'
import { readText, unreadable } from './_files.ts'
import { parseJson } from './_json.ts'

/** What the command line of the project's scripts, or its config file, says of the migrations. */
export interface NodePgMigrateConfig {
  /** The project names the tool in its package.json. */
  readonly isUsed: boolean
  readonly folder?: string
  readonly table: string
  readonly schema?: string
  readonly singleTransaction: boolean
  readonly checkOrder: boolean
  readonly decamelize: boolean
}

/**
 * Reads what `node-pg-migrate` in the scripts of package.json is given, then the file of `--config-file`, then config/default.json (`db`). A name
 * that only the shell could tell throws `source-unreadable`: a guess would take a full history for an empty one.
 */
export async function nodePgMigrateConfig(files: Files): Promise<NodePgMigrateConfig> {
  const { isUsed, flags } = await fromPackage(files)
  const own = flags['config-file'] ?? flags['f']
  const given = { ...(await fromFile(files, own ?? 'config/default.json')), ...flags }
  const schema = given['migrations-schema'] ?? given['schema'] ?? given['s']
  const folder = (given['migrations-dir'] ?? given['m'])?.replace(/^\.\//, '')
  return {
    isUsed,
    table: given['migrations-table'] ?? given['t'] ?? 'pgmigrations',
    singleTransaction: isOn(given, 'single-transaction', true),
    checkOrder: isOn(given, 'check-order', true),
    decamelize: isOn(given, 'decamelize', false),
    ...(folder === undefined || folder.includes('*') ? {} : { folder }),
    ...(schema === undefined ? {} : { schema }),
  }
}

type Flags = { readonly [flag: string]: string }

function isOn(flags: Flags, flag: string, otherwise: boolean): boolean {
  if (flags[`no-${flag}`] !== undefined) return false
  const value = flags[flag]
  return value === undefined ? otherwise : value !== 'false'
}

async function fromPackage(files: Files): Promise<{ readonly isUsed: boolean; readonly flags: Flags }> {
  const file = 'package.json'
  if ((await files.exists(file)) !== 'file') return { isUsed: false, flags: {} }
  const { text } = await readText(files, file)
  const content = parseJson(file, text)
  const scripts = isRecord(content) && isRecord(content['scripts']) ? Object.values(content['scripts']) : []
  const lines = scripts.filter((script): script is string => typeof script === 'string' && /\bnode-pg-migrate\b/.test(script))
  const all = Object.assign({}, ...lines.map((line) => flagsIn(file, line))) as Flags
  return { isUsed: /"node-pg-migrate"\s*:/.test(text), flags: all }
}

const wanted =
  /^--?(?:m|t|s|f|migrations-dir|migrations-table|migrations-schema|schema|config-file|(?:no-)?single-transaction|(?:no-)?check-order|(?:no-)?decamelize)$/

function flagsIn(file: string, script: string): Flags {
  const words = (/\bnode-pg-migrate\b(.*?)(?:&&|\|\||;|$)/.exec(script)?.[1] ?? '').match(/"[^"]*"|'[^']*'|[^\s=]+/g) ?? []
  const found: { [flag: string]: string } = {}
  for (const [at, word] of words.entries()) {
    if (!wanted.test(word)) continue
    const next = words[at + 1]?.replace(/^(["'])(.*)\1$/, '$2') ?? ''
    if (next.startsWith('$'))
      throw unreadable({ file }, `takes ${word} of node-pg-migrate from the environment`, { hint: 'Write it out, or in a config file.' })
    found[word.replace(/^--?/, '')] = next.startsWith('-') ? '' : next
  }
  return found
}

const keys = ['migrations-dir', 'migrations-table', 'migrations-schema', 'schema', 'check-order', 'decamelize'] as const

/** Of the section `db`, else of the whole file; a schema may be a list, of which the first counts. */
async function fromFile(files: Files, file: string): Promise<Flags> {
  if ((await files.exists(file)) !== 'file') return {}
  const { text } = await readText(files, file)
  const found: { [flag: string]: string } = {}
  for (const key of keys) {
    const value = setting(text, ['db', key]) ?? setting(text, [key])
    if (value?.kind === 'text') found[key] = value.value
    else if (value !== undefined) found[key] = written(file, text, { key, line: value.line })
  }
  return found
}

/** A boolean, or the first of a list. */
function written(file: string, text: string, { key, line }: { readonly key: string; readonly line: number }): string {
  const [, value] = new RegExp(`["']?${key}["']?\\s*:\\s*(?:\\[\\s*)?(true|false|["'][^"']+["'])`).exec(text) ?? []
  if (value !== undefined) return value.replace(/^["']|["']$/g, '')
  throw unreadable({ file, line }, `computes ${key}, and Lockkeeper does not run it`, { hint: 'Write it out as a string.' })
}

function isRecord(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
