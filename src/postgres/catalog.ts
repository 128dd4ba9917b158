import type { Catalog, Column, Constraint, FunctionInfo, Index, NamedType, Relation, RelationKind } from '../model/catalog.ts'
import type { Row } from '../model/session.ts'
import { PersistentMap } from '../std/persistent-map.ts'
import * as ask from './catalog-sql.ts'
import { postgresDialect } from './quote.ts'
import { canonicalType } from './type-text.ts'

/** Sends SQL that only reads; parameters are $1, $2. */
export type Query = (sql: string, values?: readonly unknown[]) => Promise<readonly Row[]>

export interface CatalogOptions {
  /** Only these schemas; all but the server's own and ours where absent. */
  readonly schemas?: readonly string[]
}

/** Reads the schema in a dozen queries, whatever the number of tables; needs no rights on them. PostgreSQL 13 to 18. */
export async function readCatalog(query: Query, options: CatalogOptions = {}): Promise<Catalog> {
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
    publications: parts.publications.map(({ name, allTables, schemas }) => ({ name, allTables, schemas })),
    types: typesOf(await rows<ask.TypeRow>(ask.typesSql)),
    functions: functionsOf(await rows<ask.FunctionRow>(ask.functionsSql), await builtinsOf(settings.number, rows)),
  }
}

interface Parts {
  readonly version: number
  readonly columns: Groups<ask.ColumnRow>
  readonly constraints: Groups<ask.ConstraintRow>
  readonly indexes: Groups<ask.IndexRow>
  readonly triggers: Groups<ask.OwnedRow>
  readonly inherits: readonly ask.PairRow[]
  readonly sequences: ReadonlyMap<number, ask.SequenceRow>
  readonly views: Groups<ask.PairRow>
  readonly publications: readonly ask.PublicationRow[]
  /** Canonical name by OID. */
  readonly keys: ReadonlyMap<number, string>
}

type Groups<Item> = ReadonlyMap<number, readonly Item[]>

// The interfaces beside each query say what it selects; the driver's rows are untyped.
function reader(query: Query, schemas: readonly string[] | undefined) {
  return async <Item>(sql: string, values: readonly unknown[] = [schemas ?? null]) =>
    (await query(sql, values)) as unknown as readonly Item[]
}

function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Groups<Item> {
  const groups = new Map<number, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

const kinds: { readonly [kind in ask.RelationRow['kind']]: RelationKind } = {
  r: 'table',
  p: 'partitioned',
  v: 'view',
  m: 'materialized-view',
  f: 'foreign-table',
  S: 'sequence',
}

function relationsOf(found: readonly ask.RelationRow[], parts: Parts): PersistentMap<Relation> {
  const parents = groupBy(parts.inherits, (pair) => pair.other)
  const children = groupBy(parts.inherits, (pair) => pair.one)
  const published = publicationsOf(parts.publications, parents)
  const entries = found.map((row): [string, Relation] => {
    const names = new Map((parts.columns.get(row.oid) ?? []).map((column) => [column.position, column.name]))
    const parent = row.partition ? parts.keys.get(parents.get(row.oid)?.[0]?.one ?? 0) : undefined
    const relation: Relation = {
      schema: row.schema,
      name: row.name,
      kind: kinds[row.kind],
      oid: row.oid,
      owner: row.owner,
      ...sizeOf(row, parts.version),
      isNew: false,
      columns: (parts.columns.get(row.oid) ?? []).map(columnOf),
      constraints: byName((parts.constraints.get(row.oid) ?? []).map((constraint) => constraintOf(constraint, names))),
      indexes: byName((parts.indexes.get(row.oid) ?? []).map((index) => indexOf(index, names))),
      ...(parent === undefined ? {} : { partitionOf: parent }),
      ...(row.bound === null ? {} : { partitionBound: row.bound }),
      children: keysOf(children.get(row.oid), parts.keys),
      triggers: (parts.triggers.get(row.oid) ?? []).map((trigger) => trigger.name),
      publications: published(row),
      dependentViews: keysOf(parts.views.get(row.oid), parts.keys),
      ...ownerOf(parts.sequences.get(row.oid), parts.keys),
    }
    return [postgresDialect.name(row.schema, row.name), relation]
  })
  return PersistentMap.from(entries)
}

// reltuples is -1 where the table was never analysed; 13 has 0 for that and for an empty table alike.
function sizeOf(row: ask.RelationRow, version: number): Pick<Relation, 'rows' | 'bytes' | 'pages'> {
  if (row.kind !== 'r' && row.kind !== 'm' && row.kind !== 'p') return {}
  const known = row.rows > 0 || (row.rows === 0 && version >= 14)
  return {
    ...(known ? { rows: row.rows } : {}),
    ...(row.bytes === null ? {} : { bytes: row.bytes, pages: row.pages }),
  }
}

function columnOf(row: ask.ColumnRow): Column {
  const collation = row.collationName === null ? undefined : collationName(row.collationSchema ?? '', row.collationName)
  return {
    name: row.name,
    type: canonicalType(row.type, row.typeSchema, row.typeName),
    nullable: row.nullable,
    ...(row.default === null ? {} : { default: row.default }),
    ...(row.generated === '' ? {} : { generated: row.generated === 's' ? 'stored' : 'virtual' }),
    ...(row.identity === '' ? {} : { identity: row.identity === 'a' ? 'always' : 'by-default' }),
    position: row.position,
    ...(collation === undefined ? {} : { collation }),
  }
}

function collationName(schema: string, name: string): string {
  return schema === 'pg_catalog' ? postgresDialect.name(name) : postgresDialect.name(schema, name)
}

// The server names the table of a foreign key without its schema where the search path finds it; we never do.
function constraintOf(row: ask.ConstraintRow, names: ReadonlyMap<number, string>): Constraint {
  const { name, valid, definition } = row
  const columns = (row.columns ?? []).map((position) => names.get(position) ?? '')
  switch (row.kind) {
    case 'c':
      return { kind: 'check', name, valid, columns, expression: checkExpression(definition), definition }
    case 'n':
      return { kind: 'not-null', name, valid, columns, definition }
    case 'p':
      return { kind: 'primary-key', name, valid: true, columns, definition }
    case 'u':
      return { kind: 'unique', name, valid: true, columns, definition }
    case 'x':
      return { kind: 'exclude', name, valid: true, columns: columns.filter((column) => column !== ''), definition }
    case 'f': {
      const references = postgresDialect.name(row.refSchema ?? '', row.refName ?? '')
      const qualified = definition.replace(` REFERENCES ${postgresDialect.name(row.refName ?? '')}(`, ` REFERENCES ${references}(`)
      return { kind: 'foreign-key', name, valid, columns, references, referencedColumns: row.refColumns, definition: qualified }
    }
  }
}

/** What stands between the outer parentheses of `CHECK (...) NO INHERIT NOT VALID`. */
function checkExpression(definition: string): string {
  return definition.replace(/( NO INHERIT)?( NOT ENFORCED)?( NOT VALID)?$/, '').replace(/^CHECK \((.*)\)$/s, '$1')
}

function indexOf(row: ask.IndexRow, names: ReadonlyMap<number, string>): Index {
  const mentioned = new Set([...row.attributes, ...row.others].filter((position) => position > 0))
  return {
    name: row.name,
    oid: row.oid,
    unique: row.unique,
    valid: row.valid,
    method: row.method,
    columns: row.attributes.slice(0, row.keys).map((position) => names.get(position)),
    mentions: [...mentioned].map((position) => names.get(position) ?? ''),
    partial: row.partial,
    definition: row.definition.replace(/ pg_temp_\d+\./, ' pg_temp.'),
    ...(row.constraint === null ? {} : { constraint: row.constraint }),
    ...(row.parent === null ? {} : { parent: row.parent }),
  }
}

function keysOf(pairs: readonly ask.PairRow[] | undefined, keys: ReadonlyMap<number, string>): readonly string[] {
  return (pairs ?? [])
    .map((pair) => keys.get(pair.other))
    .filter((key) => key !== undefined)
    .toSorted(inOrder)
}

function ownerOf(row: ask.SequenceRow | undefined, keys: ReadonlyMap<number, string>): Pick<Relation, 'ownedBy'> {
  const relation = keys.get(row?.relation ?? 0)
  return row === undefined || relation === undefined ? {} : { ownedBy: { relation, column: row.column } }
}

/** What carries a table: a publication of all tables, of it, of its schema, or of a partitioned table above it. */
function publicationsOf(publications: readonly ask.PublicationRow[], parents: Groups<ask.PairRow>) {
  const above = (oid: number): readonly number[] => [oid, ...(parents.get(oid) ?? []).flatMap((pair) => above(pair.one))]
  return (row: ask.RelationRow): readonly string[] => {
    if (!row.published) return []
    const oids = row.partition ? above(row.oid) : [row.oid]
    const carries = ({ allTables, schemas, tables }: ask.PublicationRow) =>
      allTables || schemas.includes(row.schema) || oids.some((oid) => tables.includes(oid))
    return publications.filter(carries).map((publication) => publication.name)
  }
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

type Functions = PersistentMap<readonly FunctionInfo[]>

function functionsOf(rows: readonly ask.FunctionRow[], others: Functions): Functions {
  return rows.reduce((functions, row) => {
    const key = postgresDialect.name(row.schema, row.name)
    return functions.with(key, [...(functions.get(key) ?? []), { volatility: volatilities[row.volatility], language: row.language }])
  }, others)
}

/** The server's own 3,000 functions are the same on all servers of one minor version: read once for each in this process. */
const builtins = new Map<string, Functions>()

async function builtinsOf(fullVersion: string, rows: ReturnType<typeof reader>): Promise<Functions> {
  const known = builtins.get(fullVersion)
  if (known !== undefined) return known
  const read = functionsOf(await rows<ask.FunctionRow>(ask.builtinsSql, []), PersistentMap.from([]))
  builtins.set(fullVersion, read)
  return read
}

function byName<Item extends { readonly name: string }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((one, other) => inOrder(one.name, other.name))
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
