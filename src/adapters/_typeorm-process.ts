import { createRequire } from 'node:module'
import type { Jiti } from 'jiti'
import { moduleLoader } from './_code-modules.ts'
import type { Pg } from './_code-pg.ts'
import type { CodeRequest } from './_code-protocol.ts'
import { failed, serve, type Loaded, type Opened } from './_code-serve.ts'
import type { TypeormSettings } from './_typeorm-files.ts'
import { recorder } from './_typeorm-recorder.ts'

// The child that runs the user's TypeORM migrations.
serve<TypeormSettings>({ load, open, standIn: recorder })

async function load({ root, files }: CodeRequest): Promise<readonly Loaded[]> {
  const jiti = moduleLoader(root)
  const classes = (await Promise.all(files.map((file) => loadFile(jiti, file)))).flat()
  return classes.toSorted((a, b) => Number(a.history['timestamp']) - Number(b.history['timestamp']))
}

async function loadFile(jiti: Jiti, file: string): Promise<readonly Loaded[]> {
  try {
    const found = [...new Set(exported(await jiti.import(file)))].map((each) => instantiate(file, each))
    return found.length > 0 ? found : [broken(file, 'exports no class with a method up')]
  } catch (error) {
    return [broken(file, error)]
  }
}

type MigrationClass = new () => { readonly name?: unknown; readonly transaction?: unknown; up(runner: object): Promise<unknown> }

/** As TypeORM's loader: exported classes, and those in exported lists and objects. */
function exported(value: unknown, depth = 0): readonly MigrationClass[] {
  if (typeof value === 'function') {
    const prototype = value.prototype as { up?: unknown } | undefined
    if (typeof prototype?.up === 'function') return [value as MigrationClass]
  }
  if (depth > 2 || value === null || (typeof value !== 'object' && typeof value !== 'function')) return []
  return Object.values(value).flatMap((inner) => exported(inner, depth + 1))
}

/** TypeORM's name is the instance's `name`, else the class's, and it orders by the last 13 characters as a number. */
function instantiate(file: string, made: MigrationClass): Loaded {
  try {
    const instance = new made()
    const name = typeof instance.name === 'string' ? instance.name : made.name
    const transaction = typeof instance.transaction === 'boolean' ? { transaction: instance.transaction } : {}
    const history = { timestamp: Number.parseInt(name.slice(-13), 10), name }
    return { file, name, history, ...transaction, up: async (runner) => instance.up(runner) }
  } catch (error) {
    return broken(file, error)
  }
}

function broken(file: string, error: unknown): Loaded {
  return { ...failed(file, error), history: { timestamp: Number.NaN } }
}

/** The parts that we use of the user's own typeorm package. */
interface Runner {
  startTransaction(): Promise<void>
  commitTransaction(): Promise<void>
  rollbackTransaction(): Promise<void>
  release(): Promise<void>
  readonly isTransactionActive: boolean
}

interface Source {
  initialize(): Promise<unknown>
  createQueryRunner(): Runner
  query(sql: string): Promise<unknown>
}

async function open({ root, settings, sandbox }: CodeRequest<TypeormSettings>, pg: Pg): Promise<Opened> {
  const { DataSource } = createRequire(`${root}/package.json`)('typeorm') as { DataSource: new (options: object) => Source }
  const schema = settings.schema === undefined ? {} : { schema: settings.schema }
  const source = new DataSource({ type: 'postgres', driver: pg, logging: false, ...schema })
  await source.initialize()
  if (sandbox !== undefined && settings.schema !== undefined)
    await source.query(`CREATE SCHEMA IF NOT EXISTS "${settings.schema.replaceAll('"', '""')}"`)
  return {
    async run(migration, act, always) {
      const runner = source.createQueryRunner()
      try {
        if (always || (migration.transaction ?? settings.inTransaction)) await runner.startTransaction()
        await act(runner)
        if (runner.isTransactionActive) await runner.commitTransaction()
      } catch (error) {
        if (runner.isTransactionActive) await runner.rollbackTransaction()
        throw error
      } finally {
        await runner.release()
      }
    },
  }
}
