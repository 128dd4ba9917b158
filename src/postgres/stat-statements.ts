import type { SampledQuery } from '../model/compatibility.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Session } from '../model/session.ts'
import { codeOf } from './failures.ts'

/** What a server has counted of the statements of this database. */
export interface StatStatements {
  readonly queries: readonly SampledQuery[]
  /** Statements of other roles whose text we may not see. */
  readonly hidden: number
  /** ISO 8601; absent before PostgreSQL 14. */
  readonly since?: string
  /** How often the least used ones were thrown away to make room; absent before PostgreSQL 14. */
  readonly evictions?: number
  readonly limit: number
}

/** Reads pg_stat_statements. Throws `queries-missing`, with what to do, where the extension is not there or not loaded. */
export async function readStatStatements(session: Session): Promise<StatStatements> {
  const schema = await schemaOf(session)
  try {
    return await readFrom(session, schema)
  } catch (error) {
    if (codeOf(error) !== notLoaded) throw error
    throw missing(
      'pg_stat_statements is installed, and the server does not load it',
      "Set shared_preload_libraries = 'pg_stat_statements' and restart the server",
    )
  }
}

/** object_not_in_prerequisite_state */
const notLoaded = '55000'

async function schemaOf(session: Session): Promise<string> {
  const [extension] = await session.query(
    `select n.nspname as schema from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_stat_statements'`,
  )
  if (extension !== undefined) return String(extension['schema'])
  throw missing(
    `The extension pg_stat_statements is not installed in ${session.target.database}`,
    'CREATE EXTENSION pg_stat_statements; the server must load it, too (shared_preload_libraries), which takes a restart',
  )
}

function missing(message: string, what: string): LockkeeperError {
  return new LockkeeperError('queries-missing', `${message}.`, {
    hint: `${what}. Or give the statements as a file: --queries FILE, or --log FILE for a log of the server.`,
  })
}

async function readFrom(session: Session, schema: string): Promise<StatStatements> {
  const within = (name: string) => session.dialect.name(schema, name)
  const rows = await session.query(`
    select s.query, s.queryid::text as id, sum(s.calls)::float8 as calls, sum(s.rows)::float8 as rows, s.queryid is null as hidden
      from ${within('pg_stat_statements')} s
     where s.dbid = (select oid from pg_database where datname = current_database())
     group by s.query, s.queryid
     order by 3 desc, 1`)
  const seen = rows.filter((row) => row['hidden'] !== true)
  const [setting] = await session.query(`select current_setting('pg_stat_statements.max', true) as "limit"`)
  return {
    queries: seen.map((row) => ({
      sql: String(row['query']),
      calls: Number(row['calls']),
      rows: Number(row['rows']),
      id: String(row['id']),
    })),
    hidden: await hiddenIn(session, within('pg_stat_statements')),
    limit: Number(setting?.['limit'] ?? 0),
    ...(await infoIn(session, within('pg_stat_statements_info'))),
  }
}

// Without the right to see them, the server gives neither text nor queryid.
async function hiddenIn(session: Session, view: string): Promise<number> {
  const [row] = await session.query(
    `select count(*)::int as n from ${view} where queryid is null and dbid = (select oid from pg_database where datname = current_database())`,
  )
  return Number(row?.['n'] ?? 0)
}

async function infoIn(session: Session, view: string): Promise<Pick<StatStatements, 'since' | 'evictions'>> {
  const [there] = await session.query('select to_regclass($1) is not null as there', [view])
  if (there?.['there'] !== true) return {}
  const [info] = await session.query(
    `select to_char(stats_reset at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since, dealloc::float8 as evictions from ${view}`,
  )
  const since = info?.['since']
  return { evictions: Number(info?.['evictions'] ?? 0), ...(typeof since === 'string' && { since }) }
}
