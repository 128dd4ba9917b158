import { resolve } from 'node:path'
import knex, { type Knex } from 'knex'
import { register } from 'tsx/cjs/api'

/** A project of Knex: where its migrations lie, and its own settings. */
export interface KnexRun {
  readonly root: string
  readonly directory: readonly string[]
  readonly tableName?: string
  readonly schemaName?: string
}

/** `knex migrate:latest`: the names that it ran. */
export function knexLatest(url: string, run: KnexRun): Promise<readonly string[]> {
  return withMigrate(url, run, async (migrate) => ((await migrate.latest()) as [number, string[]])[1])
}

/** `knex migrate:up`: the next one. */
export function knexUp(url: string, run: KnexRun): Promise<readonly string[]> {
  return withMigrate(url, run, async (migrate) => ((await migrate.up()) as [number, string[]])[1])
}

/** `knex migrate:list`: the names of what is pending. */
export function knexPending(url: string, run: KnexRun): Promise<readonly string[]> {
  return withMigrate(url, run, async (migrate) => {
    const [, pending] = (await migrate.list()) as [unknown, { readonly file: string }[]]
    return pending.map(({ file }) => file)
  })
}

async function withMigrate<T>(url: string, run: KnexRun, use: (migrate: Knex.Migrator) => Promise<T>): Promise<T> {
  const { root, directory, ...names } = run
  const folders = directory.map((folder) => resolve(root, folder))
  const unregister = register()
  const instance = knex({ client: 'pg', connection: url, log: silent, migrations: { directory: folders, ...names } })
  try {
    return await use(instance.migrate)
  } finally {
    await instance.destroy()
    unregister()
  }
}

const silent = { warn: () => undefined, error: () => undefined }

/** A module of Knex with this body of `up`. */
export function one(up: string): string {
  return `exports.up = async (knex) => { ${up} }\nexports.down = async () => {}\n`
}
