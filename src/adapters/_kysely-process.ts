import { createRequire } from 'node:module'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, serve, type Loaded, type Opened } from './_code-serve.ts'
import { base } from './_files.ts'
import type { KyselySettings } from './_kysely-config.ts'
import { stem } from './_code-files.ts'

// The child that runs the user's Kysely migrations.
serve<KyselySettings>({ load, open })

async function load({ root, files }: CodeRequest): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  const loaded = await Promise.all(
    files.map(async (file) => {
      try {
        return asLoaded(file, await jiti.import(file))
      } catch (error) {
        return failed(file, error)
      }
    }),
  )
  return loaded.filter((each) => each !== undefined)
}

/** Kysely passes over a module without `up`: such a folder may hold helpers. */
function asLoaded(file: string, module: unknown): Loaded | undefined {
  const up = upOf(module)
  const name = stem(base(file))
  return up === undefined ? undefined : { file, name, history: { name }, up }
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
  transaction(): Scope
  connection(): Scope
}

interface Scope {
  execute(act: (db: object) => Promise<void>): Promise<void>
}

interface Package {
  readonly Kysely: new (options: object) => Kysely
  readonly PostgresDialect: new (options: object) => object
}

async function open({ root, settings }: CodeRequest<KyselySettings>, pg: Pg): Promise<Opened> {
  const { Kysely, PostgresDialect } = createRequire(`${root}/package.json`)('kysely') as Package
  const plugins = await pluginsOf(root, settings)
  const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool() }), ...plugins })
  return {
    run: (_migration, act, always) => (always || settings.inTransaction ? db.transaction() : db.connection()).execute(act),
  }
}

async function pluginsOf(root: string, { config }: KyselySettings): Promise<{ readonly plugins?: unknown }> {
  if (config === undefined) return {}
  const exported = await moduleLoader(root).import<{ readonly plugins?: unknown } | (() => unknown)>(config, { default: true })
  const { plugins } = (typeof exported === 'function' ? await exported() : exported) as { readonly plugins?: unknown }
  return { plugins }
}
