import type { Sample, SampledQuery } from '../model/compatibility.ts'

/** Statements that came, in any order; the same one may come several times. */
export interface Heard {
  readonly from: Sample['from']
  readonly queries: readonly SampledQuery[]
  readonly unreadable: Sample['unreadable']
  readonly notes: readonly string[]
  readonly since?: string
  readonly evictions?: number
}

interface SampleOptions {
  /** What two texts have in common that are one statement with other constants. */
  readonly keyOf: (sql: string) => string
  /** Of a server, where tools ask it about itself: statements about its own tables do not count. */
  readonly everybody: boolean
}

/** One entry for each statement, with all its calls. */
export function sampleOf(heard: Heard, { keyOf, everybody }: SampleOptions): Sample {
  const { from, unreadable, notes, since, evictions } = heard
  const wanted = heard.queries.filter(({ sql }) => isPreparable(sql) && !(everybody && isAboutTheSystem(sql)))
  const byKey = new Map<string, SampledQuery>()
  for (const query of wanted) {
    const key = keyOf(query.sql)
    byKey.set(key, together(byKey.get(key), query))
  }
  return {
    from,
    queries: [...byKey.values()],
    unreadable,
    leftOut: heard.queries.length - wanted.length,
    notes,
    ...(since !== undefined && { since }),
    ...(evictions !== undefined && { evictions }),
  }
}

function together(before: SampledQuery | undefined, query: SampledQuery): SampledQuery {
  if (before === undefined) return query
  const rows = before.rows === undefined && query.rows === undefined ? {} : { rows: (before.rows ?? 0) + (query.rows ?? 0) }
  return { ...before, calls: before.calls + query.calls, ...rows }
}

/** What SET, BEGIN, VACUUM and the like do has nothing to do with the shape of tables. */
function isPreparable(sql: string): boolean {
  return preparable.test(sql.replace(leadingComments, ''))
}

const leadingComments = /^(?:\s+|--[^\n]*(?:\n|$)|\/\*[^]*?\*\/)+/
// What is none of these words is left out only where it is one of the server's commands: a misspelled SELECT is to be reported.
const preparable =
  /^(?!(?:abort|alter|analyze|analyse|begin|checkpoint|close|cluster|comment|commit|create|deallocate|declare|discard|do|drop|end|execute|explain|fetch|grant|import|listen|load|lock|move|notify|prepare|reassign|refresh|reindex|release|reset|revoke|rollback|savepoint|security|set|show|start|unlisten|vacuum)\b)/i

function isAboutTheSystem(sql: string): boolean {
  const [first] = sql.match(firstTable) ?? []
  if (first !== undefined) return ownTable.test(first)
  const called = [...sql.matchAll(/\b(\w+)\s*\(/g)].map(([, name = '']) => name)
  return /^\s*select\b/i.test(sql) && called.every((name) => ownFunction.test(name))
}

const firstTable = /\b(?:from|into|update)\s+[^\s,;()]+/i
const ownTable = /\s(?:"?\w+"?\.)?(?:pg_|information_schema\.|"?lockkeeper"?\.)/i
/** A health check, a setting: no table is asked. */
const ownFunction = /^(?:version|current_\w+|set_config|now|to_reg\w+|hashtext|pg_\w+|txid_\w+|has_\w+|inet_\w+)$/i
