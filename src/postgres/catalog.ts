import type { Catalog, FunctionInfo, NamedType, Publication } from '../model/catalog.ts'
import type { Row } from '../model/session.ts'
import { PersistentMap } from '../std/persistent-map.ts'
import { sleep } from '../std/sleep.ts'
import { groupBy, relationsOf, type Parts } from './catalog-relations.ts'
import * as ask from './catalog-sql.ts'
import { postgresDialect } from './quote.ts'
import { traitsSql, type TraitRow } from './traits-sql.ts'
import { canonicalType } from './type-text.ts'

/** Sends SQL that only reads; parameters are $1, $2. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

export interface CatalogOptions {
  /** Only these schemas; all but the server's own and ours where absent. */
  readonly schemas?: readonly string[]
  /** Ends the wait between two tries. */
  readonly signal?: AbortSignal
}

/** How long to wait for the end of short exclusive locks, and how often to look. */
const patience = { tries: 10, everyMs: 100 } as const

/**
 * Reads the schema in a dozen queries, whatever the number of tables; needs no rights on them. PostgreSQL 13 to 18. It waits for no
 * lock: where a table stays locked in ACCESS EXCLUSIVE for a second, the texts of its indexes, CHECKs and generated columns are
 * empty, and its size is the last estimate.
 */
export async function readCatalog(query: Query, options: CatalogOptions = {}): Promise<Catalog> {
  for (let left: number = patience.tries; ; left -= 1) {
    const catalog = await readOnce(query, options)
    if (left === 0 || isComplete(catalog)) return catalog
    await sleep(patience.everyMs, options.signal)
  }
}

function isComplete({ relations }: Catalog): boolean {
  for (const { columns, constraints, indexes } of relations.values()) {
    if ([...constraints, ...indexes].some(({ definition }) => definition === '') || columns.some((column) => column.default === ''))
      return false
  }
  return true
}

async function readOnce(query: Query, options: CatalogOptions): Promise<Catalog> {
  const rows = reader(query, options.schemas)
  const [settings] = await rows<ask.SettingsRow>(ask.settingsSql, [])
  if (settings === undefined) throw new TypeError('The server gave no settings.')
  const { version } = settings
  const found = await rows<ask.RelationRow>(ask.relationsSql)
  const parts: Parts = {
    version,
    columns: groupBy(await rows<ask.ColumnRow>(ask.columnsSql(version)), (row) => row.relation),
    constraints: groupBy(await rows<ask.ConstraintRow>(ask.constraintsSql), (row) => row.relation),
    indexes: groupBy(await rows<ask.IndexRow>(ask.indexesSql), (row) => row.relation),
    triggers: groupBy(await rows<ask.OwnedRow>(ask.triggersSql, []), (row) => row.relation),
    policies: groupBy(await rows<ask.PolicyRow>(ask.policiesSql, []), (row) => row.relation),
    inherits: await rows<ask.PairRow>(ask.inheritsSql, []),
    sequences: new Map((await rows<ask.SequenceRow>(ask.sequencesSql, [])).map((row) => [row.sequence, row])),
    views: groupBy(await rows<ask.PairRow>(ask.viewsSql, []), (row) => row.one),
    publications: await rows<ask.PublicationRow>(ask.publicationsSql(version), []),
    keys: new Map(found.map((row) => [row.oid, postgresDialect.name(row.schema, row.name)])),
  }
  return {
    server: { flavor: 'postgresql', version, fullVersion: settings.number.split(' ')[0] ?? settings.number },
    searchPath: settings.path,
    timeZone: settings.zone,
    knowledge: 'whole',
    relations: relationsOf(found, parts),
    publications: parts.publications.map(publicationOf),
    types: typesOf(await rows<ask.TypeRow>(ask.typesSql)),
    functions: functionsOf(await rows<ask.FunctionRow>(ask.functionsSql)),
    traits: groupBy(await rows<TraitRow>(traitsSql), (row) => row.relation),
  }
}

// The interfaces beside each query say what it selects; the driver's rows are untyped.
function reader(query: Query, schemas: readonly string[] | undefined) {
  return async <Item>(sql: string, values: readonly unknown[] = [schemas ?? null]) =>
    (await query(sql, values)) as unknown as readonly Item[]
}

function publicationOf({ name, allTables, schemas, insertsOnly }: ask.PublicationRow): Publication {
  return { name, allTables, schemas, ...(insertsOnly && { insertsOnly }) }
}

function typesOf(rows: readonly ask.TypeRow[]): PersistentMap<NamedType> {
  const byOid = new Map(rows.map((row) => [row.oid, row]))
  return PersistentMap.from(rows.map((row): [string, NamedType] => [postgresDialect.name(row.schema, row.name), typeOf(row, byOid)]))
}

function typeOf(row: ask.TypeRow, byOid: ReadonlyMap<number, ask.TypeRow>): NamedType {
  if (row.kind === 'e') return { kind: 'enum', labels: row.labels }
  if (row.kind !== 'd') return { kind: 'other' }
  const base = canonicalType(row.base ?? '', row.baseSchema ?? '', row.baseName ?? '')
  return { kind: 'domain', base, constrained: isConstrained(row, byOid) }
}

function isConstrained(row: ask.TypeRow, byOid: ReadonlyMap<number, ask.TypeRow>): boolean {
  const base = byOid.get(row.baseOid)
  return row.constrained || (base !== undefined && isConstrained(base, byOid))
}

const volatilities = { i: 'immutable', s: 'stable', v: 'volatile' } as const

function functionsOf(rows: readonly ask.FunctionRow[]): PersistentMap<readonly FunctionInfo[]> {
  return rows.reduce((functions, row) => {
    const key = postgresDialect.name(row.schema, row.name)
    return functions.with(key, [...(functions.get(key) ?? []), { volatility: volatilities[row.volatility], language: row.language }])
  }, PersistentMap.from<readonly FunctionInfo[]>([]))
}
