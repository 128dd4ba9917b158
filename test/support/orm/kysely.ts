import { promises as fs } from 'node:fs'
import path from 'node:path'
import { FileMigrationProvider, Kysely, Migrator, PostgresDialect, type KyselyPlugin, type MigratorProps } from 'kysely'
import { Pool } from 'pg'
import { register } from 'tsx/esm/api'

export interface KyselyRun extends Omit<Partial<MigratorProps>, 'db' | 'provider'> {
  /** Absolute. */
  readonly folder: string
  readonly plugins?: readonly KyselyPlugin[]
}

/** `migrateToLatest`: the names that it ran. */
export function kyselyLatest(url: string, run: KyselyRun): Promise<readonly string[]> {
  return withMigrator(url, run, (migrator) => migrator.migrateToLatest())
}

/** `migrateUp`: the next one. */
export function kyselyUp(url: string, run: KyselyRun): Promise<readonly string[]> {
  return withMigrator(url, run, (migrator) => migrator.migrateUp())
}

async function withMigrator(
  url: string,
  run: KyselyRun,
  use: (migrator: Migrator) => ReturnType<Migrator['migrateUp']>,
): Promise<readonly string[]> {
  const unregister = register()
  const { folder, plugins = [], ...props } = run
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool: new Pool({ connectionString: url }) }), plugins: [...plugins] })
  try {
    const provider = new FileMigrationProvider({ fs, path, migrationFolder: folder })
    const { error, results = [] } = await use(new Migrator({ db, provider, ...props }))
    if (error !== undefined) throw error as Error
    return results.map(({ migrationName }) => migrationName)
  } finally {
    await db.destroy()
    await unregister()
  }
}
