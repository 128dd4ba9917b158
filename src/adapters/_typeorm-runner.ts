import { createRequire } from 'node:module'
import type { CodeAnswer } from '../model/adapter.ts'
import { channelDriver } from './_typeorm-channel.ts'
import type { QueryReply, RecordAnswer } from './_typeorm-protocol.ts'
import { withLine } from './_typeorm-recorder.ts'

/** The parts that we use of the user's own typeorm package. */
interface Source {
  initialize(): Promise<unknown>
  destroy(): Promise<void>
  createQueryRunner(): { startTransaction(): Promise<void>; isTransactionActive: boolean; release(): Promise<void> }
}

export interface RunnerPlace {
  /** The `schema` option of the user's DataSource. */
  readonly schema?: string
  readonly lineNow: () => number | undefined
}

/** Gives `act` a QueryRunner of the user's own TypeORM whose queries the parent process answers, in a transaction that is the parent's. */
export async function withRunner(root: string, place: RunnerPlace, act: (runner: object) => Promise<void>): Promise<void> {
  const { DataSource } = createRequire(`${root}/package.json`)('typeorm') as { DataSource: new (options: object) => Source }
  let begun = false
  // One client has one query under way; code that sends several at once has them queued, as with pg.
  let last: Promise<unknown> = Promise.resolve()
  const ask = async (sql: string, parameters: readonly unknown[]): Promise<readonly CodeAnswer[]> => {
    // TypeORM is to know of the transaction, so that one of the code's own becomes a savepoint in it.
    if (!begun && sql === 'START TRANSACTION') return [{ command: 'START', count: 0, rows: [] }]
    const query = { kind: 'query', sql, parameters, ...withLine(place.lineNow()) } as const
    const answer = last.then(() => askParent(query))
    last = answer.catch(() => undefined)
    return await answer
  }
  const schema = place.schema === undefined ? {} : { schema: place.schema }
  const source = new DataSource({ type: 'postgres', driver: channelDriver(ask), logging: false, ...schema })
  await source.initialize()
  const runner = source.createQueryRunner()
  await runner.startTransaction()
  begun = true
  await act(runner)
}

function askParent(query: Extract<RecordAnswer, { readonly kind: 'query' }>): Promise<readonly CodeAnswer[]> {
  return new Promise((resolve, reject) => {
    process.once('message', (reply) => {
      const given = reply as QueryReply
      if (given.kind === 'answers') resolve(given.answers)
      else reject(Object.assign(new Error(given.message), given.fields))
    })
    process.send?.(query, (error: Error | null) => (error === null ? undefined : reject(error)))
  })
}
