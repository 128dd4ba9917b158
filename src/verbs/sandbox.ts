import { availableVersions, startPostgres } from '../embedded/start.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import { present } from '../std/present.ts'

/** A private database on which history is replayed and what is pending is tried. */
export interface Sandbox extends AsyncDisposable {
  readonly session: Session
  readonly version: number
  /** "the embedded PostgreSQL 18.4", for messages. */
  readonly name: string
}

export interface SandboxOptions {
  /** Loaded when the server is up, if it is not by then. */
  readonly engine: () => Promise<Engine>
  /** An empty database of the user's own, instead of the embedded server. */
  readonly shadowUrl?: string
  /** The major wanted; another one is taken where its binaries are not installed. */
  readonly version?: number
  /** Where unqualified names are looked up; created if needed. */
  readonly schema?: string
  readonly signal: AbortSignal
}

/** Opens a sandbox. Throws `embedded-unavailable` where no server can be started here, saying what is missing. */
export async function openSandbox(options: SandboxOptions): Promise<Sandbox> {
  return options.shadowUrl === undefined ? await openEmbedded(options) : await openShadow(options, options.shadowUrl)
}

async function openEmbedded(options: SandboxOptions): Promise<Sandbox> {
  const installed = availableVersions()
  const version = options.version !== undefined && installed.includes(options.version) ? options.version : (installed.at(-1) ?? 18)
  const server = await startPostgres({ version, signal: options.signal })
  try {
    const session = await connectTo(options, server.unprivilegedUrl)
    // The server ends while whoever asked for it goes on: what it says to its last client is nobody's concern.
    const close = async () => {
      const stopping = server.stop()
      await session.close().catch(() => undefined)
      await stopping
    }
    return { session, version, name: `the embedded PostgreSQL ${session.server.fullVersion ?? version}`, [Symbol.asyncDispose]: close }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function openShadow(options: SandboxOptions, url: string): Promise<Sandbox> {
  const session = await connectTo(options, url)
  const catalog = await session.readCatalog()
  if (catalog.relations.size > 0) {
    await session.close()
    throw new LockkeeperError('usage', 'The shadow database is not empty; what is pending would be run in it.', {
      hint: 'Give --shadow-url an empty database.',
    })
  }
  const close = async () => await session.close()
  return {
    session,
    version: session.server.version,
    name: `the shadow database (PostgreSQL ${session.server.fullVersion ?? session.server.version})`,
    [Symbol.asyncDispose]: close,
  }
}

async function connectTo(options: SandboxOptions, url: string): Promise<Session> {
  const { schema, signal } = options
  const engine = await options.engine()
  const session = await engine.connect({ url, applicationName: 'lockkeeper sandbox', signal, ...present({ schema }) })
  if (schema !== undefined && schema !== 'public') await session.query(`create schema if not exists ${session.dialect.name(schema)}`)
  return session
}
