import { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, serve, type Loaded, type Opened } from './_code-serve.ts'
import { base } from './_files.ts'

/** What the child wants to know beside the files. */
export interface SequelizeSettings {
  /** What umzug was told to give as `context`: the query interface, or Sequelize itself. */
  readonly context: 'query-interface' | 'sequelize'
  readonly schema?: string
}

type Request = CodeRequest<SequelizeSettings>

// The child that runs the user's migrations of Sequelize.
serve<SequelizeSettings>({ load, open })

/** What an `up` may be given: by sequelize-cli the first two, by umzug an object with the third. */
interface Handle {
  readonly queryInterface: object
  readonly Sequelize: unknown
  readonly context: object
}

type Up = (...given: readonly unknown[]) => unknown

async function load({ root, files }: Request): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  const loaded = files.map(async (file) => {
    try {
      const name = base(file)
      const up = upOf(await jiti.import(file))
      return up === undefined ? failed(file, 'exports no function up') : { file, name, history: { name }, up: caller(up, file) }
    } catch (error) {
      return failed(file, error)
    }
  })
  return Promise.all(loaded)
}

function upOf(module: unknown): Up | undefined {
  const found = [module, (module as { readonly default?: unknown } | undefined)?.default].map(
    (each) => (each as { readonly up?: unknown } | undefined)?.up,
  )
  return found.find((up): up is Up => typeof up === 'function')
}

/** umzug's style takes one object; the older one takes the query interface, the package, and with three parameters a callback. */
function caller(up: Up, file: string): (handle: object) => unknown {
  return (handle) => {
    const { queryInterface, Sequelize, context } = handle as Handle
    if (takesObject(up)) return up({ context, name: base(file), path: file })
    if (up.length < 3) return up(queryInterface, Sequelize)
    return new Promise(
      (resolve, reject) =>
        void up(queryInterface, Sequelize, (error?: Error | null) => (error == null ? resolve(undefined) : reject(error))),
    )
  }
}

/** `({ context }) => ...`, or `(params) => params.context...`. */
function takesObject(up: Up): boolean {
  const text = Function.prototype.toString.call(up)
  const [, parameter] = /^\s*(?:async\s+)?(?:function\b\s*\w*\s*|\w+\s*)?\(?\s*(\{[^}]*\}|\w+)/.exec(text) ?? []
  if (up.length > 1 || parameter === undefined) return false
  return parameter.startsWith('{')
    ? /\bcontext\b/.test(parameter)
    : new RegExp(`\\b${parameter}\\s*\\.\\s*context\\b|\\bcontext\\b[^=]*\\}\\s*=\\s*${parameter}\\b`).test(text)
}

/** The parts that we use of the user's own package. */
interface Sequelize {
  getQueryInterface(): object
  readonly connectionManager: { _refreshDynamicOIDs: () => Promise<void> }
}

interface Package {
  readonly Sequelize: new (options: object) => Sequelize
}

async function open({ root, settings }: Request, pg: Pg): Promise<Opened> {
  const { Sequelize } = createRequire(`${root}/package.json`)('sequelize') as Package
  const sequelize = new Sequelize({
    dialect: 'postgres',
    dialectModule: { ...pg, Client: clientOver(pg) },
    logging: false,
    ...quiet,
    ...(settings.schema === undefined ? {} : { schema: settings.schema }),
  })
  // It asks for the types of the database at each connection, to parse what comes back; ours comes parsed.
  sequelize.connectionManager._refreshDynamicOIDs = async () => await Promise.resolve()
  const queryInterface = sequelize.getQueryInterface()
  const handle: Handle = { queryInterface, Sequelize, context: settings.context === 'sequelize' ? sequelize : queryInterface }
  return { run: (_migration, act) => act(handle) }
}

/** Without what it sends at the start of each connection; the newest version of the server that it knows of, so that it asks for none. */
const quiet = {
  databaseVersion: '16.0.0',
  standardConformingStrings: false,
  keepDefaultTimezone: true,
  dialectOptions: { clientMinMessages: 'ignore' },
}

/** It listens to the wire below the client, for the server's settings. */
function clientOver({ Client }: Pg): Pg['Client'] {
  return class extends Client {
    readonly connection = new EventEmitter()
  }
}
