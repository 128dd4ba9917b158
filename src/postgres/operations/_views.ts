import type { Catalog, Relation } from '../../model/catalog.ts'
import { postgresDialect } from '../quote.ts'

const { name: quoted } = postgresDialect

/** Why a view cannot stand for the table; undefined where it can. */
export function whyNoView({ rowSecurity }: Relation, { server }: Catalog): string | undefined {
  if (rowSecurity?.enabled !== true || server.version >= 15) return undefined
  return `it has row security, and before PostgreSQL 15 a view reads with the rights of its owner: everybody would see all rows`
}

interface Viewed {
  /** Canonical names. */
  readonly view: string
  readonly table: string
  readonly relation: Relation
}

/** What a view passes on to its table. */
const rights: ReadonlySet<string> = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE'])

/**
 * CREATE VIEW with all columns in their order, and the rights of the table: writes through it are writes of the table, with its defaults. From 15
 * on it reads with the rights of whoever asks, so that row security and grants of the table hold.
 */
export function viewOf({ view, table, relation }: Viewed, catalog: Catalog): readonly string[] {
  const columns = relation.columns.map(({ name }) => quoted(name))
  const grants = (relation.grants ?? []).filter(({ privilege }) => rights.has(privilege))
  return [
    createView({ view, columns, table }, catalog),
    ...grants.map(({ privilege, to, grantable }) => `GRANT ${privilege} ON ${view} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''}`),
  ]
}

interface Listed {
  /** Canonical names. */
  readonly view: string
  readonly table: string
  /** SQL of the list behind SELECT. */
  readonly columns: readonly string[]
}

export function createView({ view, table, columns }: Listed, { server }: Catalog): string {
  const how = server.version >= 15 ? ' WITH (security_invoker = true)' : ''
  return `CREATE VIEW ${view}${how} AS SELECT ${columns.join(', ')} FROM ${table}`
}
