import type { EmbeddedServer } from '../embedded/start.ts'
import { startPostgres } from '../embedded/start.ts'
import { postgresEngine } from '../engines.ts'

/** Empty databases for migrations that are code and ask the database; the server is started when the first one is asked for. */
export interface ThrowAway extends AsyncDisposable {
  /** The URL of another empty database, as its owner without superuser rights. */
  readonly url: () => Promise<string>
}

export function throwAwayDatabases(signal: AbortSignal): ThrowAway {
  let server: Promise<EmbeddedServer> | undefined
  let made = 0
  return {
    async url() {
      server ??= startPostgres({ signal })
      made += 1
      return await makeDatabase(await server, `recording_${made}`, signal)
    },
    async [Symbol.asyncDispose]() {
      const started = await server?.catch(() => undefined)
      await started?.stop()
    },
  }
}

// The migration's code runs against it: a superuser could start programs on this machine.
async function makeDatabase(server: EmbeddedServer, name: string, signal: AbortSignal): Promise<string> {
  const engine = await postgresEngine()
  await using session = await engine.connect({ url: server.url, applicationName: 'lockkeeper sandbox', signal })
  await session.query(`create role ${name} login`)
  await session.query(`create database ${name} owner ${name}`)
  const url = new URL(server.databaseUrl(name))
  url.username = name
  return url.toString()
}
