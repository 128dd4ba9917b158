import type { ErrorCode } from '../model/errors.ts'
import type { Failure } from '../model/session.ts'

/** The SQLSTATE of a server's error, or the system's code (ECONNREFUSED); undefined for anything else. Never the text. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** Whether the server said it: its messages alone have a severity. */
export function isFromServer(error: unknown): boolean {
  return error instanceof Error && 'severity' in error && error.severity !== undefined
}

const failures: { readonly [sqlstate: string]: Failure } = {
  '55P03': 'lock-timeout',
  '40P01': 'deadlock',
  '40001': 'serialization',
  '57P01': 'connection-lost', // admin_shutdown
  '57P02': 'connection-lost', // crash_shutdown
  '57P03': 'connection-lost', // cannot_connect_now
  '57P05': 'connection-lost', // idle_session_timeout
  '25P03': 'connection-lost', // idle_in_transaction_session_timeout
  'connection-lost': 'connection-lost', // our own, from the session
}

/**
 * What a failure means to the runner. 57014 is both "cancelled" and "statement timeout": `timeoutSet` tells them apart,
 * since the server gives both one code.
 */
export function classifyFailure(error: unknown, timeoutSet: boolean): Failure {
  const code = codeOf(error)
  if (code === undefined) return 'other'
  if (code === '57014') return timeoutSet ? 'statement-timeout' : 'cancelled'
  if (code.startsWith('08')) return 'connection-lost'
  if (code.startsWith('23')) return 'data'
  return failures[code] ?? 'other'
}

const tlsCodes = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
])
const networkCodes = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'ENOENT',
  'EACCES',
  'EPIPE',
])
const serverCodes: { readonly [sqlstate: string]: ErrorCode } = {
  '28P01': 'auth-failed',
  '28000': 'auth-failed',
  '3D000': 'database-missing',
  '53300': 'too-many-connections',
  '57P03': 'unreachable',
  '42501': 'no-rights',
}

/** Why a connection could not be made, by the code that the server or the system gave. */
export function connectFailure(error: unknown): ErrorCode {
  const code = codeOf(error) ?? ''
  if (tlsCodes.has(code) || code.startsWith('ERR_TLS') || code.startsWith('ERR_SSL')) return 'tls-failed'
  if (networkCodes.has(code)) return 'unreachable'
  return serverCodes[code] ?? 'unreachable'
}
