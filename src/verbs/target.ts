import { openEngine } from '../engines.ts'
import type { History, OpenHistory } from '../model/adapter.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { ConnectOptions, Session } from '../model/session.ts'
import type { Progress } from '../run/state.ts'
import { fold } from '../run/state.ts'
import { present } from '../std/present.ts'
import type { LoadedMigrations } from './load-migrations.ts'

export type Connection = Omit<ConnectOptions, 'applicationName' | 'control'>

/** A database that is only looked at. */
export interface Target extends AsyncDisposable {
  readonly engine: Engine
  readonly session: Session
  /** The schema asked for; absent where the first of the connection's own search path is meant. */
  readonly schema?: string
}

/** Connects and makes the session read-only on the server, so that nothing of ours can change anything by mistake. */
export async function openTarget(connection: Connection): Promise<Target> {
  const engine = await openEngine(connection.url)
  const session = await engine.connect({ ...connection, applicationName: 'lockkeeper' })
  try {
    await session.script(['set default_transaction_read_only = on'])
  } catch (error) {
    await session.close()
    throw error
  }
  return { engine, session, ...present({ schema: connection.schema }), [Symbol.asyncDispose]: () => session.close() }
}

/** What a database and its two records, the ORM's and ours, say now. */
export interface Situation {
  /** Key of the journal: one for each schema that the folder is applied to. */
  readonly project: string
  readonly catalog: Catalog
  readonly progress: Progress
  readonly history: OpenHistory | undefined
}

/** Reads catalog, journal and the ORM's history; changes nothing. */
export async function readSituation(target: Target, loaded: LoadedMigrations, named: string | undefined): Promise<Situation> {
  const { engine, session } = target
  const catalog = await session.readCatalog()
  const schema = catalog.searchPath[0] ?? 'public'
  const project = projectKey(named, schema)
  const progress = fold(await engine.journal(session).read(project))
  const table = loaded.history(schema)
  if (table !== undefined && table.ownSchema !== true && target.schema === undefined) refuseElsewhere(table, catalog)
  const history = await table?.open((sql, parameters) => session.query(sql, parameters), loaded.migrations, session.dialect)
  return { project, catalog, progress, history }
}

/** Prisma means `public` where its URL names no schema, whatever the role's search path is: all would be taken for pending, and run again. */
function refuseElsewhere({ schema, table }: History, { relations, searchPath }: Catalog): void {
  const named = [...relations.values()].filter((relation) => relation.name === table).map((relation) => relation.schema)
  const elsewhere = named.find((each) => each === 'public' || searchPath.includes(each))
  if (named.includes(schema) || elsewhere === undefined) return
  throw new LockkeeperError(
    'usage',
    `The history of these migrations is in ${elsewhere}.${table}, and unqualified names mean the schema ${schema} here.`,
    {
      hint: `Say which schema the migrations are for: --schema ${elsewhere}, or --schema ${schema}.`,
      details: { schema, elsewhere },
    },
  )
}

/** The same folder may be applied to many schemas, and many projects may share one: both are part of the key (H18). */
export function projectKey(named: string | undefined, schema: string): string {
  return named === undefined ? schema : `${named}/${schema}`
}
