import type { Engine } from './model/engine.ts'
import { LockkeeperError } from './model/errors.ts'

/**
 * The engine for a connection URL, loaded when first asked for. Throws `url-invalid` and `engine-unsupported`, never with the
 * URL in the message. What only the server can tell (CockroachDB, YugabyteDB, Redshift) is found out when connecting.
 */
export async function openEngine(url: string): Promise<Engine> {
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(url.trim())?.[1]?.toLowerCase()
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return await postgresEngine()
    case 'mysql':
    case 'mariadb':
      throw new LockkeeperError(
        'engine-unsupported',
        `This is a ${scheme === 'mysql' ? 'MySQL' : 'MariaDB'} URL, and this version of lockkeeper works with PostgreSQL only.`,
      )
    case undefined:
      throw new LockkeeperError('url-invalid', 'The database URL does not begin with postgres://.')
    default:
      throw new LockkeeperError('url-invalid', `The database URL begins with ${scheme}:, not with postgres://.`)
  }
}

/** The engine for PostgreSQL, its parser loaded. */
export async function postgresEngine(): Promise<Engine> {
  const { postgres } = await import('./postgres/engine.ts')
  await postgres.load()
  return postgres
}
