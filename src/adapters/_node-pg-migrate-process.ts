import { LineBook } from './_code-lines.ts'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, serve, type Loaded, type Opened } from './_code-serve.ts'
import { base } from './_files.ts'

/** What the child wants to know beside the files. */
export interface NodePgMigrateSettings {
  readonly decamelize: boolean
}

type Request = CodeRequest<NodePgMigrateSettings>

// The child that runs the user's migrations of node-pg-migrate.
serve<NodePgMigrateSettings>({ load, open })

/** The user's own package. Its builder gathers the SQL; the runner around it is ours. */
interface Package {
  readonly MigrationBuilder?: new (db: object, shorthands: object, decamelize: boolean, logger: object) => Builder
}

interface Builder {
  getSqlSteps(): readonly string[]
  isUsingTransaction(): boolean
}

/** What an `up` is given by `open`. */
interface Handle {
  readonly make: (shorthands: object) => { readonly pgm: Builder; readonly send: () => Promise<void> }
}

interface Actions {
  readonly up?: unknown
  readonly shorthands?: object
}

async function load({ root, files }: Request): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  const loaded: Loaded[] = []
  let shorthands = {}
  for (const file of files) {
    try {
      const actions = await jiti.import<Actions>(file)
      // Each file may add types for itself and for those after it.
      shorthands = { ...shorthands, ...actions.shorthands }
      loaded.push(asLoaded(file, actions.up, shorthands))
    } catch (error) {
      loaded.push(failed(file, error))
    }
  }
  return loaded
}

function asLoaded(file: string, action: unknown, shorthands: object): Loaded {
  if (typeof action !== 'function') return failed(file, action === false ? 'has its up turned off' : 'exports no function up')
  const name = base(file).replace(/\.[^.]*$/, '')
  let isAlone = false
  const up = async (handle: object): Promise<void> => {
    const { pgm, send } = (handle as Handle).make(shorthands)
    await (action.length === 2
      ? new Promise((done) => Reflect.apply(action, undefined, [pgm, done]))
      : Reflect.apply(action, undefined, [pgm]))
    isAlone = !pgm.isUsingTransaction()
    await send()
  }
  return {
    file,
    name,
    history: { name },
    up,
    // Known only once it was run: `pgm.noTransaction()`.
    get transaction() {
      return !isAlone
    },
  }
}

async function open({ root, settings }: Request, pg: Pg): Promise<Opened> {
  const { MigrationBuilder } = await moduleLoader(root).import<Package>('node-pg-migrate')
  if (MigrationBuilder === undefined) throw new Error('This node-pg-migrate has no MigrationBuilder: version 8 or later is needed')
  const db = databaseOver(new pg.Client() as Client)
  const lines = new LineBook()
  return {
    // Whether it wants a transaction is known when its steps are; the parent has one of its own, and a sandbox needs none.
    run: (_migration, act) =>
      act({
        make(shorthands: object) {
          const pgm = new MigrationBuilder(db, shorthands, settings.decamelize, silent)
          lines.clear()
          return { pgm: watched(pgm, lines), send: () => lines.each(pgm.getSqlSteps(), (step) => db.query(step)) }
        },
      }),
    lineNow: (file) => lines.lineNow(file),
  }
}

/** The same builder, each call of which leaves its place in the book. */
function watched(builder: Builder, lines: LineBook): Builder {
  return new Proxy(builder, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member)
      if (typeof value !== 'function') return value
      return (...args: readonly unknown[]): unknown => {
        const result: unknown = Reflect.apply(value, target, args)
        lines.note(builder.getSqlSteps().length)
        return result
      }
    },
  })
}

interface Client {
  query(sql: unknown, values?: unknown): Promise<{ readonly rows: readonly { readonly [column: string]: unknown }[] }>
}

/** `pgm.db`: what a migration may ask by itself. */
function databaseOver(client: Client): { query: Client['query']; select: unknown; column: unknown } {
  const query: Client['query'] = (sql, values) => client.query(sql, values)
  const select = async (sql: unknown, values?: unknown): Promise<unknown> => (await query(sql, values)).rows
  const column = async (name: string, sql: unknown, values?: unknown): Promise<unknown> =>
    (await query(sql, values)).rows.map((row) => row[name])
  return { query, select, column }
}

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
