import pg from 'pg'
import type { ErrorCode } from '../model/errors.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { ConnectOptions } from '../model/session.ts'
import type { ConnectionUrl } from './connection-url.ts'
import { withoutTls, withPassword } from './connection-url.ts'
import { codeOf, connectFailure } from './failures.ts'

export type DriverClient = pg.Client
export type DriverResult<Row extends pg.QueryResultRow> = pg.QueryResult<Row>

const connectTimeoutMs = 10_000

/**
 * A connection of the driver. A server without TLS is taken where the URL leaves it open. Throws with the reason: unreachable, auth-failed,
 * tls-failed, database-missing, too-many-connections.
 */
export async function open(url: ConnectionUrl, options: ConnectOptions): Promise<DriverClient> {
  try {
    return await openOnce(url.forDriver, options)
  } catch (error) {
    if (url.tls === 'optional' && codeOf(error) === undefined)
      return await open({ ...url, forDriver: withoutTls(url.forDriver), tls: 'as-given' }, options)
    throw connectError(error, url, options)
  }
}

async function openOnce(connectionString: string, options: ConnectOptions): Promise<DriverClient> {
  options.signal?.throwIfAborted()
  const client = new pg.Client({
    // The driver takes what the URL says before what it is told beside it: the function's password goes into the URL.
    connectionString: options.password === undefined ? connectionString : withPassword(connectionString, await options.password()),
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? connectTimeoutMs,
    keepAlive: true,
    types: { getTypeParser },
  })
  client.on('error', () => undefined) // a lost connection shows in the query that runs, or in the next
  await client.connect()
  return client
}

/** int8 as bigint: a count or a key beyond 2^53 must not lose digits. */
function getTypeParser(
  oid: Parameters<typeof pg.types.getTypeParser>[0],
  format?: Parameters<typeof pg.types.getTypeParser>[1],
): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return BigInt
  return pg.types.getTypeParser(oid, format)
}

function connectError(error: unknown, url: ConnectionUrl, options: ConnectOptions): LockkeeperError {
  if (error instanceof LockkeeperError) return error
  const { host, port, database, user } = url.target
  const { code, why } =
    codeOf(error) === undefined
      ? withoutCode(url, options)
      : { code: connectFailure(error), why: error instanceof Error ? `: ${error.message}` : '' }
  return new LockkeeperError(code, `cannot connect to ${database} on ${host}:${port} as ${user}${why}`, {
    cause: error,
    details: { host, port, database, user },
  })
}

/** The driver stopped by itself, with no code: it had no password to give, the server has no TLS, or nothing answered in time. */
function withoutCode(url: ConnectionUrl, options: ConnectOptions): { readonly code: ErrorCode; readonly why: string } {
  if (url.wantsTls) return { code: 'tls-failed', why: ': the URL asks for TLS, and the server does not offer it' }
  if (!url.hasPassword && options.password === undefined)
    return { code: 'auth-failed', why: ': the server asks for a password and the URL has none' }
  return { code: 'unreachable', why: ': no answer, or the connection was closed at once' }
}
