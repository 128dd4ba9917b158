import { runner } from 'node-pg-migrate'

export interface NodePgMigrateRun {
  readonly folder: string
  readonly table?: string
  /** No more than so many. */
  readonly count?: number
}

/** `node-pg-migrate up`, by the package's own runner as its command calls it: the names that it ran. */
export async function nodePgMigrateUp(url: string, run: NodePgMigrateRun): Promise<readonly string[]> {
  const ran = await runner({ ...optionsOf(url, run), ...(run.count === undefined ? {} : { count: run.count }) })
  return ran.map(({ name }) => name)
}

/** `node-pg-migrate up --dry-run`: the names that it would run. */
export async function nodePgMigratePending(url: string, run: NodePgMigrateRun): Promise<readonly string[]> {
  const ran = await runner({ ...optionsOf(url, run), dryRun: true })
  return ran.map(({ name }) => name)
}

function optionsOf(url: string, { folder, table = 'pgmigrations' }: NodePgMigrateRun) {
  const silent = () => undefined
  return {
    databaseUrl: url,
    dir: folder,
    migrationsTable: table,
    direction: 'up' as const,
    singleTransaction: true,
    checkOrder: true,
    logger: { debug: silent, info: silent, warn: silent, error: silent },
  }
}
