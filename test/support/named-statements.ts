import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'

export interface Named {
  /** Ends it; `failures` holds for each connection the SQLSTATEs of its failed statements, in order. */
  stop(): Promise<{ readonly queries: number; readonly failures: readonly (readonly string[])[] }>
}

const pauseMs = 50

/** Connections that keep a prepared statement by its name, as many drivers do, and prepare it again under another name once it failed. */
export async function startNamed(
  url: string,
  { text, values, connections }: { readonly text: string; readonly values: () => readonly unknown[]; readonly connections: number },
): Promise<Named> {
  const stopped = new AbortController()
  let queries = 0
  const lane = async (client: pg.Client): Promise<readonly string[]> => {
    const failures: string[] = []
    // Once more when it is told to end, so that each has seen what came last.
    for (let isLast = false; !isLast;) {
      isLast = stopped.signal.aborted
      try {
        await client.query({ name: `named_${failures.length}`, text, values: [...values()] })
      } catch (error) {
        failures.push(error instanceof pg.DatabaseError ? (error.code ?? 'unknown') : String(error))
      }
      queries += 1
      if (!isLast) await pause(pauseMs)
    }
    await client.end()
    return failures
  }
  const clients = await Promise.all(
    Array.from({ length: connections }, async () => {
      const client = new pg.Client({ connectionString: url, application_name: 'named' })
      client.on('error', () => undefined)
      await client.connect()
      return client
    }),
  )
  const lanes = Promise.all(clients.map((client) => lane(client)))
  return {
    stop: async () => {
      stopped.abort()
      return { failures: await lanes, queries }
    },
  }
}
