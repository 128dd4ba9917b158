import { expect } from 'vitest'
import type { Session } from '../../src/model/session.ts'
import type { Reading, Throttle, ThrottleContext, ThrottleKind } from '../../src/model/throttle.ts'
import { connect, type PostgresSession } from '../../src/postgres/session.ts'

/** The longest that a server may need until what was done to it shows. */
const longestMs = 15_000

/** A throttle's own session, as a run would open it. */
export function throttleSession(url: string): Promise<PostgresSession> {
  return connect({ url, applicationName: 'lockkeeper throttles' })
}

/** In the place of a session for throttles that ask no server: whoever asks it fails. */
export function noSession(host = 'db.example.com'): Session {
  return { target: { host, port: 5432, database: 'shop', user: 'app' } } as Session
}

/** A throttle of a kind, with what the context does not say left at nothing. */
export function openThrottle(
  kind: ThrottleKind,
  value: string,
  context: { readonly session: Session } & Partial<ThrottleContext>,
): Throttle {
  const { replicas = [], relation = 'public.orders', ours = () => [], signal = new AbortController().signal, session } = context
  return kind.open(value, { session, replicas, relation, ours, signal })
}

/** Reads until it holds; gives the reason. */
export async function holds(throttle: Throttle): Promise<string> {
  return (await until(throttle, ({ load }) => load >= 1)).reason
}

/** Reads until it lets go; gives the reason. */
export async function letsGo(throttle: Throttle): Promise<string> {
  return (await until(throttle, ({ load }) => load < 1)).reason
}

async function until(throttle: Throttle, is: (reading: Reading) => boolean): Promise<Reading> {
  let reading: Reading | undefined
  await expect.poll(async () => is((reading = await throttle.read())) || reading.reason, { timeout: longestMs, interval: 50 }).toBe(true)
  if (reading === undefined) throw new Error(`${throttle.id} was not read`)
  return reading
}
