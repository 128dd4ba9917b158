import { availableVersions, startPostgres, type EmbeddedServer } from '../embedded/start.ts'
import { postgresEngine } from '../engines.ts'
import type { Session } from '../model/session.ts'
import { present } from '../std/present.ts'
import { openSandbox, type Sandbox } from './sandbox.ts'

/** A private database, and copies of it on which different things are done. */
export interface SchemaStates extends AsyncDisposable {
  readonly version: number
  /** False where there is one database only: what is done to the copy is done to the base. */
  readonly canCopy: boolean
  /** Uses the base; what it leaves there is what copies begin with. */
  base<T>(use: (session: Session) => Promise<T>): Promise<T>
  copy<T>(use: (session: Session) => Promise<T>): Promise<T>
}

export interface SchemaStatesOptions {
  readonly signal: AbortSignal
  readonly version?: number
  /** The search path; absent: that of the server. */
  readonly schemas?: readonly string[]
  /** An empty database of the user's own; it cannot be copied. */
  readonly shadowUrl?: string
}

/** Opens it. Throws `embedded-unavailable` where no server can be started here. */
export async function openSchemaStates(options: SchemaStatesOptions): Promise<SchemaStates> {
  if (options.shadowUrl !== undefined)
    return onShadow(await openSandbox({ ...options, ...present({ schema: options.schemas?.[0] }), engine: postgresEngine }))
  const installed = availableVersions()
  const version = options.version !== undefined && installed.includes(options.version) ? options.version : (installed.at(-1) ?? 18)
  const server = await startPostgres({ version, signal: options.signal })
  try {
    return await onEmbedded(server, options)
  } catch (error) {
    await server.stop()
    throw error
  }
}

function onShadow(sandbox: Sandbox): SchemaStates {
  const use: SchemaStates['base'] = async (act) => await act(sandbox.session)
  return { version: sandbox.version, canCopy: false, base: use, copy: use, [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose]() }
}

/** No superuser: a pull request's SQL runs as it (H15). */
const role = 'lockkeeper_sandbox'
const base = 'lockkeeper_base'

async function onEmbedded(server: EmbeddedServer, { signal, schemas }: SchemaStatesOptions): Promise<SchemaStates> {
  const engine = await postgresEngine()
  const asSuperuser = async (statements: readonly string[]) => {
    await using session = await engine.connect({ url: server.url, applicationName: 'lockkeeper sandbox', signal })
    for (const statement of statements) await session.query(statement)
  }
  const within = async <T>(database: string, use: (session: Session) => Promise<T>) => {
    const url = new URL(server.databaseUrl(database))
    url.username = role
    await using session = await engine.connect({ url: url.toString(), applicationName: 'lockkeeper sandbox', signal })
    if (schemas !== undefined) await session.script(searchPath(session, schemas))
    return await use(session)
  }
  await asSuperuser([`create role ${role} login`, `create database ${base} owner ${role}`])
  let copies = 0
  return {
    version: server.version,
    canCopy: true,
    base: async (use) => await within(base, use),
    async copy(use) {
      copies += 1
      const name = `lockkeeper_copy_${copies}`
      await asSuperuser([`create database ${name} owner ${role} template ${base}`])
      return await within(name, use)
    },
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

function searchPath({ dialect }: Session, schemas: readonly string[]): readonly string[] {
  const names = schemas.map((schema) => dialect.name(schema))
  return [...names.map((name) => `create schema if not exists ${name}`), `set search_path = ${names.join(', ')}`]
}
