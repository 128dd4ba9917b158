import { createRequire } from 'node:module'
import { readFile, readdir, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Pool } from 'pg'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import type { MigrationList, SchemaEngine, SchemasContainer } from '@prisma/schema-engine-wasm'

/** What Prisma's own engine says of a database and a folder of migrations. */
export interface PrismaStatus {
  readonly pending: readonly string[]
  readonly failed: readonly string[]
  readonly edited: readonly string[]
  /** Recorded in the table, without a folder. */
  readonly unknown: readonly string[]
  readonly hasTable: boolean
}

const noFilter = { externalTables: [], externalEnums: [] }

/** `prisma migrate status`, by Prisma's schema engine. `folder` is the migrations folder; schema.prisma lies in its parent. */
export function prismaStatus(url: string, folder: string): Promise<PrismaStatus> {
  return withEngine(url, folder, async (engine, list) => {
    const answer = await engine.diagnoseMigrationHistory({ migrationsList: list, optInToShadowDatabase: false, filters: noFilter })
    const history = answer.history
    return {
      pending: history !== null && 'unappliedMigrationNames' in history ? history.unappliedMigrationNames : [],
      unknown: history !== null && 'unpersistedMigrationNames' in history ? history.unpersistedMigrationNames : [],
      failed: answer.failedMigrationNames,
      edited: answer.editedMigrationNames,
      hasTable: answer.hasMigrationsTable,
    }
  })
}

/** `prisma migrate deploy`: the names that it applied. Rejects as the command would (P3009 where a row is unfinished). */
export function prismaDeploy(url: string, folder: string): Promise<readonly string[]> {
  return withEngine(url, folder, async (engine, list) => {
    const answer = await engine.applyMigrations({ migrationsList: list, filters: noFilter })
    return answer.appliedMigrationNames
  })
}

/** `prisma migrate diff` from the database to schema.prisma, as SQL; empty where they agree. */
export function prismaDrift(url: string, folder: string): Promise<string> {
  return withEngine(url, folder, async (engine, _list, schema) => {
    const answer = await engine.diff({
      from: { tag: 'schemaDatasource', ...schema, configDir: dirname(resolve(folder)) },
      to: { tag: 'schemaDatamodel', ...schema },
      script: true,
      exitCode: null,
      filters: noFilter,
    })
    return (answer.stdout ?? '').replaceAll('-- This is an empty migration.', '').trim()
  })
}

/**
 * The SQL that `prisma migrate dev` writes for the way from one schema.prisma to the next (`undefined`: from nothing).
 * Its own engine makes it; createMigration itself asks for a shadow database that the wasm build cannot make.
 */
export function prismaDiff(
  url: string,
  folder: string,
  schemas: { readonly from: string | undefined; readonly to: string },
): Promise<string> {
  return withEngine(url, folder, async (engine) => {
    const answer = await engine.diff({
      from: schemas.from === undefined ? { tag: 'empty' } : { tag: 'schemaDatamodel', ...container(schemas.from) },
      to: { tag: 'schemaDatamodel', ...container(schemas.to) },
      script: true,
      exitCode: null,
      filters: noFilter,
    })
    return answer.stdout ?? ''
  })
}

function container(content: string): SchemasContainer {
  return { files: [{ path: 'schema.prisma', content }] }
}

async function withEngine<T>(
  url: string,
  folder: string,
  use: (engine: SchemaEngine, list: MigrationList, schema: SchemasContainer) => Promise<T>,
): Promise<T> {
  const list = await readList(folder)
  const schema = await readSchema(dirname(resolve(folder)))
  const { SchemaEngine: Engine } = await loadWasm()
  const datamodels = schema.files.map((file): [string, string] => [file.path, file.content])
  const parsed = new URL(url)
  const inSchema = parsed.searchParams.get('schema') ?? 'public'
  parsed.searchParams.delete('schema')
  const pool = new Pool({ connectionString: parsed.href, options: `-c search_path=${inSchema}` })
  const engine = await Engine.new({ datamodels }, () => undefined, bindMigrationAwareSqlAdapterFactory(factory(pool, inSchema)))
  try {
    return await use(engine, list, schema)
  } catch (error) {
    throw asError(error)
  } finally {
    engine.free()
    await pool.end()
  }
}

interface Inner {
  readonly client: Pick<Pool, 'query'>
  executeScript(script: string): Promise<void>
  onError(error: unknown): never
  performIO(query: unknown): Promise<{ fields: { dataTypeID: number }[] }>
  queryRaw(query: unknown): Promise<{ columnTypes: number[] }>
}

/** The published adapter, with the two places mended in which it differs from the native engine. */
function factory(pool: Pool, schema: string): PrismaPg {
  const made = new PrismaPg(pool, { schema })
  const connect = made.connect.bind(made)
  made.connect = async () => {
    const adapter = await connect()
    mend(adapter as unknown as Inner)
    return adapter
  }
  return made
}

function mend(adapter: Inner): void {
  // It cuts a script at every semicolon and sends the pieces one by one. The native engine sends it whole, in one message, so as one transaction.
  adapter.executeScript = async (script) => {
    await adapter.client.query(script).catch((error: unknown) => adapter.onError(error))
  }
  // It cannot read the type "char" (oid 18), in which the catalog keeps its kinds: read as text (25), called a character.
  const original: (this: Inner, query: unknown) => ReturnType<Inner['queryRaw']> = Reflect.get(adapter, 'queryRaw')
  adapter.queryRaw = async (query) => {
    const result = await adapter.performIO(query)
    const kinds = result.fields.map((field) => field.dataTypeID === 18)
    for (const field of result.fields) if (field.dataTypeID === 18) field.dataTypeID = 25
    const once = Object.create(adapter, { performIO: { value: () => Promise.resolve(result) } }) as Inner
    const answer = await original.call(once, query)
    return { ...answer, columnTypes: answer.columnTypes.map((type, at) => (kinds[at] === true ? ColumnTypeEnum.Character : type)) }
  }
}

async function readList(folder: string): Promise<MigrationList> {
  const baseDir = resolve(folder)
  const entries = await readdir(baseDir, { withFileTypes: true })
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name)
  const migrationDirectories = await Promise.all(
    names.toSorted().map(async (name) => ({
      path: name,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(baseDir, name, 'migration.sql'), 'utf8') },
      },
    })),
  )
  const content = await readFile(join(baseDir, 'migration_lock.toml'), 'utf8').catch(() => null)
  return { baseDir, lockfile: { path: 'migration_lock.toml', content }, shadowDbInitScript: '', migrationDirectories }
}

async function readSchema(parent: string): Promise<SchemasContainer> {
  const single = join(parent, 'schema.prisma')
  const found = await stat(single).catch(() => undefined)
  const bare = 'datasource db {\n  provider = "postgresql"\n}\n'
  return { files: [{ path: 'schema.prisma', content: found === undefined ? bare : await readFile(single, 'utf8') }] }
}

type Engine = typeof import('@prisma/schema-engine-wasm')

let loaded: Promise<Engine> | undefined

function loadWasm(): Promise<Engine> {
  loaded ??= instantiate()
  return loaded
}

/** What we use of the WebAssembly global; @types/node 20 declares it only together with the DOM. */
interface Wasm {
  instantiate(bytes: Uint8Array, imports: object): Promise<{ instance: { exports: { __wbindgen_start(): void } } }>
}

async function instantiate(): Promise<Engine> {
  const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const bindings = (await import(glue)) as Engine & { __wbg_set_wasm(exports: object): void }
  const bytes = await readFile(join(dirname(glue), 'schema_engine_bg.wasm'))
  const { instance } = await (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly.instantiate(bytes, {
    './schema_engine_bg.js': bindings,
  })
  bindings.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return bindings
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(JSON.stringify(error))
}
