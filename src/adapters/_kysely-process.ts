import { createRequire } from 'node:module'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, serve, type Loaded, type Opened } from './_code-serve.ts'
import { base } from './_files.ts'
import { stem } from './_code-files.ts'

// The child that runs the user's Kysely migrations.
serve({ load, open })

async function load({ root, files }: CodeRequest): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  return Promise.all(
    files.map(async (file) => {
      try {
        const up = upOf(await jiti.import(file))
        const name = stem(base(file))
        return up === undefined ? failed(file, 'exports no function up') : { file, name, history: { name }, up }
      } catch (error) {
        return failed(file, error)
      }
    }),
  )
}

/** As FileMigrationProvider looks: the default export where it has an `up`, else the module. */
function upOf(module: unknown): Loaded['up'] {
  const found = [(module as { default?: unknown } | undefined)?.default, module]
  const migration = found.find(
    (each): each is { up: (db: object) => unknown } => typeof (each as { up?: unknown } | undefined)?.up === 'function',
  )
  return migration === undefined ? undefined : (db) => migration.up(db)
}

/** The parts that we use of the user's own kysely package. */
interface Kysely {
  transaction(): { execute(act: (transaction: object) => Promise<void>): Promise<void> }
}

interface Package {
  readonly Kysely: new (options: object) => Kysely
  readonly PostgresDialect: new (options: object) => object
}

async function open({ root }: CodeRequest, pg: Pg): Promise<Opened> {
  const { Kysely, PostgresDialect } = createRequire(`${root}/package.json`)('kysely') as Package
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool() }) })
  return { run: (_migration, act) => db.transaction().execute(act) }
}
