import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createJiti } from 'jiti'
import { DataSource, MigrationExecutor, type MixedList } from 'typeorm'

export interface TypeormRun {
  readonly folder: string
  readonly table?: string
  readonly schema?: string
  readonly mode?: 'all' | 'each' | 'none'
}

/** `typeorm migration:show`: the names that TypeORM's own code finds pending. Makes its table, as that command does. */
export function typeormPending(url: string, run: TypeormRun): Promise<readonly string[]> {
  return withDataSource(url, run, async (source) => {
    await source.showMigrations()
    const pending = await new MigrationExecutor(source).getPendingMigrations()
    return pending.map((migration) => migration.name)
  })
}

/** `typeorm migration:run`: the names that it ran. */
export function typeormMigrate(url: string, run: TypeormRun): Promise<readonly string[]> {
  return withDataSource(url, run, async (source) => {
    const ran = await source.runMigrations({ transaction: run.mode ?? 'all' })
    return ran.map((migration) => migration.name)
  })
}

async function withDataSource<T>(url: string, run: TypeormRun, use: (source: DataSource) => Promise<T>): Promise<T> {
  const source = new DataSource({
    type: 'postgres',
    url,
    migrations: await classes(run.folder),
    migrationsTableName: run.table ?? 'migrations',
    ...(run.schema === undefined ? {} : { schema: run.schema }),
  })
  await source.initialize()
  try {
    return await use(source)
  } finally {
    await source.destroy()
  }
}

/** The classes of a folder, as TypeORM's own loader takes them: every export that is a function. */
async function classes(folder: string): Promise<MixedList<new () => never>> {
  const jiti = createJiti(import.meta.url, { fsCache: false })
  const names = (await readdir(folder)).filter((name) => /\.(?:ts|js)$/.test(name)).toSorted()
  const modules = await Promise.all(names.map((name) => jiti.import<Record<string, unknown>>(join(resolve(folder), name))))
  const exported = modules.flatMap((module) => (typeof module === 'function' ? [module as unknown] : Object.values(module)))
  return [...new Set(exported)].filter((value): value is new () => never => typeof value === 'function')
}
