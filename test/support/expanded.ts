import pg from 'pg'
import type { EmbeddedServer } from '../../src/embedded/start.ts'
import { LockkeeperError } from '../../src/model/errors.ts'
import type { ClosedGate, TimedEvent } from '../../src/model/event.ts'
import type { Plan } from '../../src/model/plan.ts'
import { postgres } from '../../src/postgres/engine.ts'
import { connect } from '../../src/postgres/session.ts'
import { abort } from '../../src/run/abort.ts'
import { complete } from '../../src/run/complete.ts'
import type { ContractOptions, RunReport } from '../../src/run/options.ts'
import { run } from '../../src/run/run.ts'
import { present } from '../../src/std/present.ts'
import { planAll, sqlMigration } from './planned.ts'
import { freshDatabase, type TestDatabase } from './postgres.ts'
import { runOptions } from './run.ts'

export interface ExpandedOptions {
  readonly version: number
  readonly sql: string
  readonly setup: string
  readonly server?: EmbeddedServer
  /** Changes the plan before it is run. */
  readonly planned?: (plan: Plan) => Plan
  /** Who migrates. */
  readonly role?: string
  /** Is given the database before the run. */
  readonly before?: (url: string) => Promise<void>
}

/** A database with one migration `m1` that waits for its contract. */
export interface Expanded extends AsyncDisposable {
  readonly database: TestDatabase
  readonly events: readonly TimedEvent[]
  readonly query: (sql: string) => Promise<readonly { readonly [column: string]: unknown }[]>
  readonly complete: (contract?: Partial<ContractOptions>) => Promise<RunReport>
  /** The gates that hold back; none where the contract was taken. */
  readonly closed: (contract?: Partial<ContractOptions>) => Promise<readonly ClosedGate[]>
  readonly abort: () => Promise<unknown>
  /** As if all that was seen had been seen an hour earlier. */
  readonly anHourPasses: () => Promise<unknown>
  /** A client of the application, in another session. */
  readonly application: (name: string, user?: string) => Promise<pg.Client>
}

export async function expanded({
  version,
  sql,
  setup,
  server,
  planned = (plan) => plan,
  role,
  before,
}: ExpandedOptions): Promise<Expanded> {
  const database = await freshDatabase(version, { setup, ...(server !== undefined && { server }) })
  const options = runOptions(database.url, planned(await planFor(database.url, sql)), {
    connect: { url: database.url, ...present({ role }) },
  })
  await before?.(database.url)
  await run(options)
  const clients = [await database.client()]
  const query: Expanded['query'] = async (text) => (await clients[0]?.query<{ [column: string]: unknown }>(text))?.rows ?? []
  const contracted = async (contract: Partial<ContractOptions> = {}) =>
    await complete({ ...options, contract: { overrides: [], minAgeMs: 0, waitMs: 0, ...contract } })
  return {
    database,
    query,
    events: options.events,
    complete: contracted,
    closed: async (contract) => await closedOf(contracted(contract)),
    abort: async () => await abort(options),
    anHourPasses: async () =>
      await query(
        `update lockkeeper.evidence set quiet_since = quiet_since - interval '1 hour', sampled_at = sampled_at - interval '1 hour'`,
      ),
    application: async (name, user = 'postgres') => {
      const client = new pg.Client({ connectionString: urlFor(user, database.url), application_name: name })
      client.on('error', () => undefined)
      await client.connect()
      clients.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.slice(1).map((client) => client.end().catch(() => undefined)))
      await database.drop()
    },
  }
}

function urlFor(user: string, url: string): string {
  return url.replace('postgres@', `${user}@`)
}

async function planFor(url: string, sql: string): Promise<Plan> {
  await using session = await connect({ url, applicationName: 'look' })
  await postgres.load()
  return planAll(await session.readCatalog(), [sqlMigration(sql)])
}

async function closedOf(run: Promise<RunReport>): Promise<readonly ClosedGate[]> {
  try {
    await run
    return []
  } catch (error) {
    if (error instanceof LockkeeperError && error.code === 'gate-closed') return error.details['closed'] as readonly ClosedGate[]
    throw error
  }
}
