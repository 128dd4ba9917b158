import { LockkeeperError } from '../model/errors.ts'
import type { Server } from '../model/server.ts'
import type { Row } from '../model/session.ts'

const oldest = 13
const newest = 18

/** Others that speak PostgreSQL's protocol, by a word in version() (H23). */
const others: readonly (readonly [string, string])[] = [
  ['CockroachDB', 'CockroachDB'],
  ['-YB-', 'YugabyteDB'],
  ['Redshift', 'Amazon Redshift'],
  ['Materialize', 'Materialize'],
  ['CrateDB', 'CrateDB'],
  ['QuestDB', 'QuestDB'],
  ['Greenplum', 'Greenplum'],
  ['H2', 'H2'],
]

/** Asks the server who it is. Throws `server-unsupported` for another product or another major. */
export async function readServer(query: (sql: string) => Promise<readonly Row[]>): Promise<Server & { readonly pid: number }> {
  const [row = {}] = await query(
    `select version() as version, current_setting('server_version') as number, current_setting('server_version_num')::int as num, pg_backend_pid() as pid`,
  )
  refuseOthers(String(row['version']))
  const version = Math.floor(Number(row['num']) / 10_000)
  if (version < oldest || version > newest) {
    throw new LockkeeperError(
      'server-unsupported',
      `this server is PostgreSQL ${version}; lockkeeper knows the locks of ${oldest} to ${newest}`,
    )
  }
  return { flavor: 'postgresql', version, fullVersion: String(row['number']).replace(/ .*/, ''), pid: Number(row['pid']) }
}

function refuseOthers(text: string): void {
  const other = others.find(([word]) => text.includes(word))
  if (other === undefined && text.startsWith('PostgreSQL')) return
  const product = other?.[1] ?? `not PostgreSQL (${text.slice(0, 60)})`
  throw new LockkeeperError(
    'server-unsupported',
    `this server is ${product}: its locks are not PostgreSQL's, and nothing here was measured on it`,
  )
}
