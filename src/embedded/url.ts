/** Where a server is reached as superuser. */
export interface Address {
  readonly folder: string
  readonly port: number
  /** Undefined where the server listens on its socket only, which needs none. */
  readonly password: string | undefined
}

/**
 * The URL of one database. A socket is written as libpq, pg and Prisma read it: localhost, and the folder in the parameter `host`.
 * `encodeURI` leaves / : @ in the name as they are, since pg decodes the path with decodeURI.
 */
export function urlOf({ folder, port, password }: Address, database: string): string {
  const path = encodeURI(database).replaceAll('?', '%3F').replaceAll('#', '%23')
  if (password !== undefined) return `postgresql://postgres:${password}@127.0.0.1:${port}/${path}`
  return `postgresql://postgres@localhost:${port}/${path}?host=${encodeURIComponent(folder).replaceAll('%2F', '/')}`
}
