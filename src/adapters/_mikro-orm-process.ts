import { createRequire } from 'node:module'
import { LineBook } from './_code-lines.ts'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, serve, type Loaded, type Opened } from './_code-serve.ts'
import { base } from './_files.ts'

/** What the child wants to know beside the files. */
export interface MikroOrmSettings {
  readonly schema?: string
}

type Request = CodeRequest<MikroOrmSettings>

// The child that runs the user's migrations of MikroORM.
serve<MikroOrmSettings>({ load, open })

interface Migration {
  up(): unknown
  isTransactional(): boolean
  addSql(sql: unknown): void
  getQueries(): readonly unknown[]
}

type MigrationClass = new (driver: object, config: object) => Migration

/** What an `up` is given by `open`. */
interface Handle {
  readonly driver: { execute(sql: unknown): Promise<unknown> }
  readonly config: object
  readonly lines: LineBook
}

async function load({ root, files }: Request): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  const loaded = files.map(async (file) => {
    try {
      const found = classIn(await jiti.import<object>(file))
      return found === undefined ? failed(file, 'exports no class of a migration') : asLoaded(file, found)
    } catch (error) {
      return failed(file, error)
    }
  })
  return Promise.all(loaded)
}

/** The first that the module exports, as MikroORM takes it. */
function classIn(module: object): MigrationClass | undefined {
  return [...Object.values(module), module].find((value): value is MigrationClass => typeof value === 'function')
}

function asLoaded(file: string, Migration: MigrationClass): Loaded {
  const name = base(file).replace(/\.[jt]s$/, '')
  const up = async (handle: object): Promise<void> => {
    const { driver, config, lines } = handle as Handle
    const migration = new Migration(driver, config)
    lines.clear()
    const add = migration.addSql.bind(migration)
    migration.addSql = (sql) => {
      add(sql)
      lines.note(migration.getQueries().length)
    }
    await migration.up()
    await lines.each(migration.getQueries(), (sql) => driver.execute(sql))
  }
  return { file, name, history: { name }, transaction: isTransactional(Migration), up }
}

/** The parts that we use of the user's own packages. */
interface Packages {
  readonly MikroORM: { initSync(options: object): { readonly em: { getDriver(): Handle['driver'] }; readonly config: object } }
  readonly knex: (options: object) => object
  readonly PostgreSqlKnexDialect: new (options: object) => { readonly driver: unknown }
}

async function open({ root, settings }: Request, pg: Pg): Promise<Opened> {
  const { MikroORM, knex, PostgreSqlKnexDialect } = createRequire(`${root}/package.json`)('@mikro-orm/postgresql') as Packages
  class Dialect extends PostgreSqlKnexDialect {
    _driver(): Pg {
      return pg
    }
  }
  // With a version given it asks the server for none.
  const driverOptions = knex({ client: Dialect, connection: {}, version: '16.0' })
  const quiet = { debug: false, discovery: { warnWhenNoEntities: false }, logger: () => undefined }
  const orm = MikroORM.initSync({ dbName: 'lockkeeper', entities: [], connect: false, driverOptions, ...quiet, ...settings })
  const handle: Handle = { driver: orm.em.getDriver(), config: orm.config, lines: new LineBook() }
  return await Promise.resolve({ run: (_migration, act) => act(handle), lineNow: (file) => handle.lines.lineNow(file) })
}

/** Said by a method, which needs no driver. */
function isTransactional(Migration: MigrationClass): boolean {
  return new Migration({}, {}).isTransactional()
}
