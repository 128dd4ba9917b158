import { createRequire } from 'node:module'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, lineIn, serve, type Loaded, type Opened } from './_code-serve.ts'
import { base } from './_files.ts'
import { fromKnexfile } from './_knex-file.ts'
import type { KnexSettings } from './_knex-config.ts'

// The child that runs the user's Knex migrations.
serve<KnexSettings>({ load, open })

async function load({ root, files, settings }: CodeRequest<KnexSettings>): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  const { searchPath } = await fromKnexfile(root, settings)
  return Promise.all(
    files.map(async (file) => {
      try {
        return asLoaded(file, await jiti.import<Module>(file), searchPath)
      } catch (error) {
        return failed(file, error)
      }
    }),
  )
}

interface Module {
  readonly up?: unknown
  readonly config?: { readonly transaction?: unknown }
}

/** Where Knex would set a search path when it connects, it is part of what is to be run: the connection here is another. */
function asLoaded(file: string, module: Module, searchPath: unknown): Loaded {
  if (typeof module.up !== 'function') return failed(file, 'exports no function up')
  const transaction = typeof module.config?.transaction === 'boolean' ? { transaction: module.config.transaction } : {}
  const name = base(file)
  const up = module.up as (knex: Knex) => unknown
  const path = [searchPath ?? []].flat()
  const inPath = async (knex: Knex): Promise<unknown> => {
    await knex.raw(`set search_path to ${path.map(() => '??').join(', ')}`, path)
    return up(knex)
  }
  return { file, name, history: { name }, ...transaction, up: (path.length === 0 ? up : inPath) as (knex: object) => unknown }
}

/** The parts that we use of the user's own knex package. */
interface Knex {
  readonly client: { readonly constructor: unknown }
  transaction(act: (transaction: object) => Promise<void>): Promise<void>
  raw(sql: string, names: readonly unknown[]): PromiseLike<unknown>
}

interface Builder {
  on(event: 'query', hear: () => void): void
  /** Where it was made; its statements are issued from a turn of the event loop that knows nothing of the code. */
  readonly _asyncStack?: { readonly error: Error }
}

type Client = new (config: object) => { runner(builder: Builder): object }

async function open({ root, settings }: CodeRequest<KnexSettings>, pg: Pg): Promise<Opened> {
  const make = createRequire(`${root}/package.json`)('knex') as (config: object) => Knex
  const { searchPath: _path, ...config } = await fromKnexfile(root, settings)
  const Dialect = (typeof config.client === 'function' ? config.client : make({ client: 'pg' }).client.constructor) as Client
  let made: Error | undefined
  class OverPg extends Dialect {
    _driver(): Pg {
      return pg
    }
    override runner(builder: Builder): object {
      builder.on('query', () => (made = builder._asyncStack?.error))
      return super.runner(builder)
    }
  }
  // Without a version Knex asks for it; what it asks that for is older than all that we support.
  const knex = make({ ...config, client: OverPg, connection: {}, version: '13.0', asyncStackTraces: true })
  return {
    run: (migration, act, always) => (always || (migration.transaction ?? settings.inTransaction) ? knex.transaction(act) : act(knex)),
    lineNow: (file) => {
      const stack = made?.stack
      made = undefined
      return lineIn(file, stack)
    },
  }
}
