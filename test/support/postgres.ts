import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { describe } from 'vitest'
import { startPostgres, type EmbeddedServer } from '../../src/embedded/start.ts'

/** The majors to test on: LOCKKEEPER_PG=13,15,18, or the oldest and the newest. */
export const testVersions: readonly number[] = (process.env['LOCKKEEPER_PG'] ?? '13,18').split(',').map(Number)

const servers = new Map<number, Promise<EmbeddedServer>>()

/** The server of this test process for a major: started when first asked for, ended with the process. Do not stop or restart it. */
export function serverFor(version: number): Promise<EmbeddedServer> {
  const server = servers.get(version) ?? startPostgres({ version })
  servers.set(version, server)
  return server
}

/** An empty database of its own on the shared server. */
export interface TestDatabase extends AsyncDisposable {
  /** As superuser postgres. */
  readonly url: string
  readonly name: string
  /** A new connection, closed at `drop`. */
  client(): Promise<pg.Client>
  /** Cuts off whoever is connected. */
  drop(): Promise<void>
}

let made = 0

/**
 * Makes a database, or a copy of one that nobody is connected to, and runs `setup` in it. Drop it with `await using`, or with `drop`. `server`: a
 * server of the test's own, for one with settings.
 */
export async function freshDatabase(
  version: number,
  options: { readonly setup?: string; readonly template?: TestDatabase; readonly server?: EmbeddedServer } = {},
): Promise<TestDatabase> {
  const server = options.server ?? (await serverFor(version))
  const name = `test_${(made += 1)}`
  await onServer(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${options.template?.name ?? 'template1'}`))
  const database = databaseOn(server, name)
  if (options.setup !== undefined) await setUp(database, options.setup)
  return database
}

/** Runs the same tests for each version under test: `describe` with the version in its name. */
export function forEachVersion(title: string, tests: (version: number) => void): void {
  describe.each(testVersions)(`${title} on PostgreSQL %i`, (version) => {
    tests(version)
  })
}

function databaseOn(server: EmbeddedServer, name: string): TestDatabase {
  const clients: pg.Client[] = []
  const url = server.databaseUrl(name)
  const client = async (): Promise<pg.Client> => {
    const connected = await connect(url)
    clients.push(connected)
    return connected
  }
  const drop = async (): Promise<void> => {
    await Promise.all(clients.splice(0).map((each) => each.end().catch(() => undefined)))
    await onServer(server, async (client) => {
      await allGone(client, name)
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    })
  }
  return { url, name, client, drop, [Symbol.asyncDispose]: drop }
}

async function setUp(database: TestDatabase, sql: string): Promise<void> {
  const client = await connect(database.url)
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}

async function onServer(server: EmbeddedServer, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = await connect(server.url)
  try {
    await use(client)
  } finally {
    await client.end()
  }
}

/** No longer is anybody waited for who is about to leave. */
const leavingMs = 500

/**
 * The pools of the ORMs say that they have ended before their connections have: to be cut off then is an `error` that nobody listens to.
 * Who stays on purpose is cut off all the same.
 */
async function allGone(client: pg.Client, database: string): Promise<void> {
  const until = performance.now() + leavingMs
  const others = async (): Promise<number> => {
    const { rowCount } = await client.query('SELECT FROM pg_stat_activity WHERE datname = $1', [database])
    return rowCount ?? 0
  }
  while ((await others()) > 0 && performance.now() < until) await sleep(10)
}

/** A server that ends a connection on purpose emits `error` on the client, which without a listener would end the test process. */
async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}
