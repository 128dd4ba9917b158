import { join } from 'node:path'
import { createJiti } from 'jiti'
import { Sequelize } from 'sequelize'
import { SequelizeStorage, Umzug } from 'umzug'

export interface SequelizeRun {
  readonly folder: string
  readonly table?: string
  readonly schema?: string
  /** `cli`: as sequelize-cli calls an `up`, which is umzug with two arguments; else as umzug 3 does. */
  readonly style: 'cli' | 'umzug'
}

/** Runs what is pending, or the first so many of it, by umzug itself: the names that it ran. */
export function sequelizeMigrate(url: string, run: SequelizeRun, count?: number): Promise<readonly string[]> {
  return withUmzug(url, run, async (umzug) => (await umzug.up(count === undefined ? {} : { step: count })).map(({ name }) => name))
}

/** What umzug finds pending. Makes its table, as that command does. */
export function sequelizePending(url: string, run: SequelizeRun): Promise<readonly string[]> {
  return withUmzug(url, run, async (umzug) => (await umzug.pending()).map(({ name }) => name))
}

async function withUmzug<T>(url: string, run: SequelizeRun, use: (umzug: Umzug) => Promise<T>): Promise<T> {
  const sequelize = new Sequelize(url, { logging: false })
  const jiti = createJiti(import.meta.url, { fsCache: false })
  const context = sequelize.getQueryInterface()
  const umzug = new Umzug<object>({
    migrations: {
      glob: join(run.folder, '*.{js,ts,cjs,mjs}'),
      resolve: ({ name, path = '' }) => ({
        name,
        up: async () => {
          const { up } = await jiti.import<{ up: (...given: readonly unknown[]) => Promise<unknown> }>(path)
          return run.style === 'cli' ? up(context, Sequelize) : up({ context, name, path })
        },
      }),
    },
    context,
    storage: new SequelizeStorage({
      sequelize,
      ...(run.table === undefined ? {} : { tableName: run.table }),
      ...(run.schema === undefined ? {} : { schema: run.schema }),
    }),
    logger: undefined,
  })
  try {
    return await use(umzug)
  } finally {
    await sequelize.close()
  }
}
