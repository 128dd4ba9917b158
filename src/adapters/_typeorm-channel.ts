import { EventEmitter } from 'node:events'
import type { CodeAnswer } from '../model/adapter.ts'

/** Sends one query to whoever holds the connection. */
export type Ask = (sql: string, parameters: readonly unknown[]) => Promise<readonly CodeAnswer[]>

/** What `pg` gives for one statement; int8 is text there. */
interface Result {
  readonly command: string
  readonly rowCount: number
  readonly rows: readonly object[]
}

/**
 * Stands where TypeORM expects the package `pg`: a pool with one client, whose queries go through `ask`. The process that runs the
 * user's code so needs no password and no way to the database.
 */
export function channelDriver(ask: Ask): object {
  class Client extends EventEmitter {
    async query(sql: string, parameters: readonly unknown[] = []): Promise<Result | readonly Result[]> {
      const results = (await ask(sql, parameters)).map(asResult)
      const [only] = results
      return results.length === 1 && only !== undefined ? only : results
    }
  }
  class Pool extends EventEmitter {
    connect(done: (error: undefined, client: Client, release: () => void) => void): void {
      done(undefined, new Client(), () => undefined)
    }
    end(done: () => void): void {
      done()
    }
  }
  return { Pool, Client }
}

function asResult({ command, count, rows }: CodeAnswer): Result {
  return { command, rowCount: count, rows: rows.map(asRow) }
}

function asRow(row: { readonly [column: string]: unknown }): object {
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, typeof value === 'bigint' ? String(value) : value]))
}
