import { moduleLoader } from './_code-modules.ts'
import type { KnexSettings } from './_knex-config.ts'

/** What of a knexfile changes the SQL that Knex makes. */
interface KnexOptions {
  readonly client?: unknown
  readonly [option: string]: unknown
}

/**
 * The knexfile's options without its ways to a database, as a deploy has them. It is run only where its text says that it changes the SQL: no
 * variable of the environment is set here, and a knexfile may well want one.
 */
export async function fromKnexfile(root: string, { knexfile }: KnexSettings): Promise<KnexOptions> {
  if (knexfile === undefined) return {}
  const exported = await moduleLoader(root)
    .import<object>(knexfile, { default: true })
    .catch((cause: unknown) => {
      throw new Error(`${knexfile}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    })
  const all = (typeof exported === 'function' ? await (exported as () => unknown)() : exported) as KnexOptions
  const own = (all['production'] ?? all['development'] ?? all) as KnexOptions
  const { connection: _connection, connectionPool: _given, pool: _pool, migrations: _migrations, seeds: _seeds, ...kept } = own
  return kept
}
