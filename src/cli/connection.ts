import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { LockkeeperError } from '../model/errors.ts'
import type { ConnectOptions } from '../model/session.ts'
import { present } from '../std/present.ts'
import type { Context } from './command.ts'
import type { Config } from './define-config.ts'
import type { Options } from './options.ts'

/** How to reach the database; who connects adds what it calls itself. */
export type Connection = Omit<ConnectOptions, 'applicationName' | 'control'>

interface Wanted {
  readonly options: Options
  readonly config: Config
}

const keys = ['DIRECT_URL', 'DATABASE_URL'] as const

/** True where the database was asked for by flag or file, and is not just what the environment happens to name. */
export function isAskedFor({ options, config }: Wanted): boolean {
  return options.databaseUrl !== undefined || options.envFile !== undefined || config.databaseUrl !== undefined
}

/** --database-url, then the config file, then DIRECT_URL, then DATABASE_URL. Undefined where none is given. */
export async function findConnection({ options, config }: Wanted, context: Context): Promise<Connection | undefined> {
  const env = { ...(await envFile(options, context)), ...context.env }
  const url = options.databaseUrl ?? config.databaseUrl ?? keys.map((key) => env[key]).find((value) => value !== undefined && value !== '')
  if (url === undefined) return undefined
  const password = config.password
  const schema = options.schema ?? config.schema ?? schemaIn(url)
  const role = options.role ?? config.role
  return present({ url, signal: context.signal, password: password === undefined ? undefined : async () => await password(), schema, role })
}

/** The replicas that are to be asked before a strong lock, with the credentials of the primary's configuration. */
export function replicasOf({ options, config }: Wanted, { signal, password }: Connection): readonly Connection[] {
  const urls = [...(options.replicaUrl ?? config.replicaUrls ?? [])]
  return urls.map((url) => present({ url, signal, password }))
}

/** The same, or `no-database-url` with where one might be. */
export async function needConnection(wanted: Wanted, context: Context): Promise<Connection> {
  const connection = await findConnection(wanted, context)
  if (connection !== undefined) return connection
  const key = await keyInDotEnv(context.cwd)
  const hint =
    key === undefined
      ? 'Give --database-url, or set DIRECT_URL or DATABASE_URL.'
      : `The file .env sets ${key}, and it is not read without being asked: give --env-file .env.`
  throw new LockkeeperError('no-database-url', 'No database is given.', { hint })
}

/** Prisma writes the schema into the URL: postgres://host/db?schema=app. */
function schemaIn(url: string): string | undefined {
  const query = url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
  return new URLSearchParams(query).get('schema') ?? undefined
}

/** The variables of --env-file; none where it is not given. */
export async function envFile(options: Options, context: Context): Promise<NodeJS.Dict<string>> {
  if (options.envFile === undefined) return {}
  const text = await readFile(resolve(context.cwd, options.envFile), 'utf8').catch(() => {
    throw new LockkeeperError('usage', `There is no file ${options.envFile}.`, { hint: 'Check --env-file.' })
  })
  return expand(parseEnv(text))
}

// Prisma and dotenv-expand know "${NAME}" in values, and people use it for the password.
function expand(env: NodeJS.Dict<string>): NodeJS.Dict<string> {
  return Object.fromEntries(
    Object.entries(env).map(([key, value]) => [key, value?.replaceAll(/\$\{(\w+)\}/g, (whole, name: string) => env[name] ?? whole)]),
  )
}

// Only the name of the key is looked at: a secret is not loaded behind anyone's back.
async function keyInDotEnv(cwd: string): Promise<string | undefined> {
  const text = await readFile(resolve(cwd, '.env'), 'utf8').catch(() => '')
  return keys.find((key) => new RegExp(`^\\s*(export\\s+)?${key}\\s*=`, 'm').test(text))
}
