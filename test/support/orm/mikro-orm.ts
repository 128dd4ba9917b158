import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createJiti } from 'jiti'
import { Migrator } from '@mikro-orm/migrations'
import { MikroORM } from '@mikro-orm/postgresql'

export interface MikroOrmRun {
  readonly folder: string
  readonly table?: string
  /** One transaction around all, which a migration without any of its own does not see. */
  readonly allOrNothing?: boolean
}

/** `mikro-orm migration:up`, of all or of the first so many pending: the names that it ran. */
export function mikroOrmUp(url: string, run: MikroOrmRun, count?: number): Promise<readonly string[]> {
  return withMigrator(url, run, async (migrator) => {
    const pending = await migrator.getPendingMigrations()
    const wanted = pending.slice(0, count).map(({ name }) => name)
    return (await migrator.up(wanted)).map(({ name }) => name)
  })
}

/** `mikro-orm migration:pending`. Makes its table, as that command does. */
export function mikroOrmPending(url: string, run: MikroOrmRun): Promise<readonly string[]> {
  return withMigrator(url, run, async (migrator) => (await migrator.getPendingMigrations()).map(({ name }) => name))
}

/** Its migrations are given as classes, since vitest's own `import` would have to load the TypeScript of a folder. */
async function withMigrator<T>(
  url: string,
  { folder, table, allOrNothing = true }: MikroOrmRun,
  use: (migrator: Migrator) => Promise<T>,
): Promise<T> {
  const snapshots = await mkdtemp(join(tmpdir(), 'lk-mikro-'))
  const jiti = createJiti(import.meta.url, { fsCache: false })
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).toSorted()
  const migrationsList = await Promise.all(
    names.map(async (name) => {
      const [found] = Object.values(await jiti.import<Record<string, new () => never>>(resolve(folder, name)))
      if (found === undefined) throw new Error(`${name} exports nothing`)
      return { name, class: found }
    }),
  )
  const orm = await MikroORM.init({
    ...placeOf(url),
    entities: [],
    extensions: [Migrator],
    discovery: { warnWhenNoEntities: false },
    migrations: {
      path: snapshots,
      snapshot: false,
      silent: true,
      allOrNothing,
      migrationsList,
      ...(table === undefined ? {} : { tableName: table }),
    },
  })
  try {
    return await use(orm.getMigrator())
  } finally {
    await orm.close(true)
    await rm(snapshots, { recursive: true, force: true })
  }
}

/** It knows no URL with a socket in it. */
function placeOf(url: string) {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url)
  const host = searchParams.get('host') ?? hostname
  return { host, port: Number(port), user: username, password, dbName: decodeURI(pathname.slice(1)) }
}
