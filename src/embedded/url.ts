/** Where a server is reached. */
export interface Address {
  readonly folder: string
  readonly port: number
  /** Undefined where the server listens on its socket only, which needs none. */
  readonly password: string | undefined
}

/**
 * The URL of one database, as the superuser or, on a socket, as a role that has no password. A socket is written as libpq, pg and Prisma read it: localhost, and the folder in the parameter `host`.
 * `encodeURI` leaves / : @ in the name as they are, since pg decodes the path with decodeURI.
 */
export function urlOf({ folder, port, password }: Address, database: string, role = 'postgres'): string {
  const path = encodeURI(database).replaceAll('?', '%3F').replaceAll('#', '%23')
  if (password !== undefined) return `postgresql://${role}:${password}@127.0.0.1:${port}/${path}`
  return `postgresql://${role}@localhost:${port}/${path}?host=${encodeURIComponent(folder).replaceAll('%2F', '/')}`
}
