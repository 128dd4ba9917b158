import { EventEmitter } from 'node:events'
import type { Answer, Send } from './_code-wire.ts'

/** What a driver is given for a query: its text, or an object with text and values. */
interface Query {
  readonly text: string
  readonly values?: readonly unknown[]
  readonly rowMode?: string
}

/** What of the package an ORM may ask for. */
export interface Pg {
  readonly Client: new (options?: object) => object
  readonly Pool: new (options?: object) => object
  readonly [member: string]: unknown
}

type Tell = (error: unknown, result?: unknown) => void

/**
 * Stands where an ORM expects the package `pg`: clients and pools whose statements go through `send`. The ORM is so the user's own, and
 * where its SQL goes is ours to say. Parsers of types are set to no effect: what comes back was parsed where the connection is.
 */
export function pgOver(send: Send): Pg {
  // One connection has one statement under way; code that sends several at once has them queued, as with pg.
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = (act: () => Promise<readonly Answer[]>): Promise<readonly Answer[]> => {
    const turn = last.then(act)
    last = turn.catch(() => undefined)
    return turn
  }
  const ask = async (query: Query): Promise<unknown> => {
    const turn = send(query.text, query.values ?? [])
    const results = (await inTurn(turn)).map((answer) => asResult(answer, query.rowMode === 'array'))
    return results.length === 1 ? results[0] : results
  }
  class Client extends EventEmitter {
    readonly processID = 0
    connect(tell?: Tell): unknown {
      return settled(Promise.resolve(this), tell)
    }
    query(query: string | Query, values?: readonly unknown[] | Tell, tell?: Tell): unknown {
      if (typeof query === 'object' && 'submit' in query) throw new Error('streams and cursors over pg are not for migrations here')
      const given = typeof query === 'string' ? { text: query } : query
      return settled(ask(Array.isArray(values) ? { ...given, values } : given), typeof values === 'function' ? values : tell)
    }
    release(): void {}
    end(tell?: Tell): unknown {
      return settled(Promise.resolve(), tell)
    }
    escapeIdentifier = escapeIdentifier
    escapeLiteral = escapeLiteral
    setTypeParser(): void {}
    getTypeParser(): (text: unknown) => unknown {
      return (text) => text
    }
  }
  class Pool extends Client {
    override connect(done?: (error: undefined, client: Client, release: () => void) => void): unknown {
      const client = new Client()
      if (done === undefined) return Promise.resolve(client)
      return done(undefined, client, () => undefined)
    }
  }
  const types = { setTypeParser: () => undefined, getTypeParser: () => (text: unknown) => text, builtins: {}, arrayParser: {} }
  return { Client, Pool, types, defaults: {}, escapeIdentifier, escapeLiteral }
}

function settled(promise: Promise<unknown>, tell: Tell | undefined): unknown {
  if (tell === undefined) return promise
  void promise.then((result) => tell(null, result), tell)
  return undefined
}

/** As an answer of `pg` looks; `rowCount` stays the getter that it may be. */
function asResult(answer: Answer, asArrays: boolean): object {
  const rows = asArrays ? answer.rows.map((row) => Object.values(row)) : answer.rows
  return Object.defineProperties(
    { fields: [], oid: null, rowAsArray: asArrays, rows },
    {
      command: { value: answer.command, enumerable: true },
      rowCount: { get: () => answer.rowCount, enumerable: true },
    },
  )
}

// As pg quotes them.
function escapeIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function escapeLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? ` E${quoted}` : quoted
}
