import { LockkeeperError } from '../model/errors.ts'
import type { Target } from '../model/session.ts'

/** A connection string taken apart; `forDriver` is what the driver gets, and the only place where the password stays. */
export interface ConnectionUrl {
  readonly target: Target
  readonly forDriver: string
  /** libpq's `prefer` and `allow`: TLS where the server has it, plain where not. */
  readonly tls: 'as-given' | 'optional'
  readonly hasPassword: boolean
  /** The URL insists on TLS. */
  readonly wantsTls: boolean
}

/**
 * Reads postgres:// and postgresql:// URLs. sslmode means what it means to libpq (`require` encrypts without verifying;
 * the driver alone would verify). Throws `url-invalid`, never with the URL in the message.
 */
export function readConnectionUrl(text: string): ConnectionUrl {
  const url = parseUrl(text)
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    throw new LockkeeperError('url-invalid', `the database URL begins with ${url.protocol}//, not postgres://`)
  const sslmode = url.searchParams.get('sslmode')
  const tls = sslmode === 'prefer' || sslmode === 'allow' ? 'optional' : 'as-given'
  if (sslmode !== null && !url.searchParams.has('uselibpqcompat')) url.searchParams.set('uselibpqcompat', 'true')
  if (tls === 'optional') url.searchParams.set('sslmode', 'require')
  // It would win over the name that tells our sessions apart in pg_stat_activity.
  url.searchParams.delete('application_name')
  return {
    target: targetOf(url),
    forDriver: url.toString(),
    tls,
    hasPassword: url.password !== '',
    wantsTls: sslmode !== null && /^(require|verify-ca|verify-full)$/.test(sslmode),
  }
}

/** The same URL with another password. */
export function withPassword(forDriver: string, password: string): string {
  const url = new URL(forDriver)
  url.password = encodeURIComponent(password)
  return url.toString()
}

/** The same URL without TLS: the second try of sslmode=prefer. */
export function withoutTls(forDriver: string): string {
  const url = new URL(forDriver)
  url.searchParams.set('sslmode', 'disable')
  return url.toString()
}

function parseUrl(text: string): URL {
  try {
    return new URL(text)
  } catch {
    throw new LockkeeperError('url-invalid', 'the database URL cannot be read', {
      hint: 'Write it as postgres://user@host:5432/database; characters such as @ : / # in a password must be percent-encoded.',
    })
  }
}

function targetOf(url: URL): Target {
  const user = decodeURIComponent(url.username) || process.env['PGUSER'] || process.env['USER'] || 'postgres'
  return {
    host: url.searchParams.get('host') ?? (url.hostname || 'localhost'),
    port: Number(url.port || url.searchParams.get('port') || 5432),
    database: decodeURIComponent(url.pathname.slice(1)) || user,
    user,
  }
}
