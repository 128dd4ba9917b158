import type { Catalog, Relation } from '../model/catalog.ts'
import type { SampledScan, Speed } from '../model/statistics.ts'
import type { Limits, ScriptResult } from '../model/session.ts'
import { postgresDialect } from './quote.ts'

interface Scripts {
  script(statements: readonly string[], limits?: Limits): Promise<readonly ScriptResult[]>
}

/** 1.3 s at the very most: the sort, and two tries of three tables; on an idle server a tenth of that. */
const limits = { tables: 3, statementMs: 150, sortMs: 400, lockMs: 20, pages: 2048, smallerBy: 16, sortedRows: 50_000 } as const
/** A table below this many pages is read in less time than can be told apart. */
const worthSampling = 64

/**
 * How fast this server reads and sorts, from at most 16 MB of each of the three largest of these tables and 50,000 made-up numbers.
 * Reads only, never waits behind a lock, and gives up a table that does not answer in time. Undefined where even the numbers took too long.
 */
export async function calibrate(session: Scripts, catalog: Catalog, names: readonly string[]): Promise<Speed | undefined> {
  const sortMs = await explained(session, sortSql, limits.sortMs)
  if (sortMs === undefined) return undefined
  const scans: SampledScan[] = []
  for (const [name, relation] of largest(catalog, names)) scans.push(...(await sampled(session, { name, relation, catalog })))
  return { scans, sortedRowsPerSecond: Math.round((limits.sortedRows * 1000) / sortMs) }
}

// OFFSET keeps the planner from leaving out a sort that a count does not need.
const sortSql = `SELECT count(*) FROM (SELECT hashint4(g) AS k FROM generate_series(1, ${limits.sortedRows}) g ORDER BY k OFFSET 0) s`

function largest({ relations }: Catalog, names: readonly string[]): readonly (readonly [string, Relation])[] {
  return names
    .flatMap((name) => {
      const relation = relations.get(name)
      return relation !== undefined && holdsRows(relation) ? [[name, relation] as const] : []
    })
    .toSorted(([, one], [, other]) => (other.pages ?? 0) - (one.pages ?? 0))
    .slice(0, limits.tables)
}

function holdsRows({ kind, pages = 0 }: Relation): boolean {
  return (kind === 'table' || kind === 'materialized-view') && pages >= worthSampling
}

interface Sample {
  readonly name: string
  readonly relation: Relation
  readonly catalog: Catalog
}

async function sampled(session: Scripts, { name, relation: { pages = 0 }, catalog }: Sample): Promise<readonly SampledScan[]> {
  for (const wanted of [limits.pages, limits.pages / limits.smallerBy]) {
    const read = Math.min(wanted, pages)
    const ms = await explained(session, readSql({ name, pages, read, version: catalog.server.version }), limits.statementMs)
    if (ms !== undefined) return [{ relation: name, bytesPerSecond: Math.round((read * 8192 * 1000) / ms) }]
  }
  return []
}

interface Pages {
  readonly name: string
  readonly pages: number
  readonly read: number
  readonly version: number
}

// From the middle, where pages are neither the newest nor all gone. 13 has no scan of a range of pages and reads single ones at random.
function readSql({ name, pages, read, version }: Pages): string {
  if (version < 14) return `SELECT count(*) FROM ${name} TABLESAMPLE SYSTEM (${((100 * read) / pages).toFixed(6)})`
  const from = Math.floor((pages - read) / 2)
  const tid = (page: number) => `${postgresDialect.literal(`(${page},0)`)}::tid`
  return `SELECT count(*) FROM ONLY ${name} WHERE ctid >= ${tid(from)} AND ctid < ${tid(from + read)}`
}

/** By the server's own clock, so that the network does not count. Undefined where it was not allowed, was locked or took too long. */
async function explained(session: Scripts, sql: string, timeoutMs: number): Promise<number | undefined> {
  try {
    const results = await session.script([
      'BEGIN READ ONLY',
      `SET LOCAL statement_timeout = ${timeoutMs}`,
      `SET LOCAL lock_timeout = ${limits.lockMs}`,
      'SET LOCAL max_parallel_workers_per_gather = 0',
      'SET LOCAL jit = off',
      'SET LOCAL row_security = off', // an error instead of the functions of a policy
      `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${sql}`,
      'COMMIT',
    ])
    const [plan] = (results[6]?.rows[0]?.['QUERY PLAN'] ?? []) as readonly { readonly 'Execution Time': number }[]
    return plan === undefined ? undefined : Math.max(plan['Execution Time'], 0.01)
  } catch (error) {
    if (!isRefusal(error)) throw error
    await session.script(['ROLLBACK'])
    return undefined
  }
}

// Cancelled by a timeout, locked, no right to read the table, the table is gone.
function isRefusal(error: unknown): boolean {
  return ['57014', '55P03', '42501', '42P01'].includes(String((error as { readonly code?: unknown }).code))
}
