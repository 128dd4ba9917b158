import type { Column, Constraint, Index, Relation, RelationKind } from '../model/catalog.ts'
import { PersistentMap } from '../std/persistent-map.ts'
import type * as ask from './catalog-sql.ts'
import { postgresDialect } from './quote.ts'
import { canonicalType } from './type-text.ts'

/** What the server said of all relations, by the OID of each. */
export interface Parts {
  readonly version: number
  readonly columns: Groups<ask.ColumnRow>
  readonly constraints: Groups<ask.ConstraintRow>
  readonly indexes: Groups<ask.IndexRow>
  readonly triggers: Groups<ask.OwnedRow>
  readonly policies: Groups<ask.PolicyRow>
  readonly inherits: readonly ask.PairRow[]
  readonly sequences: ReadonlyMap<number, ask.SequenceRow>
  readonly views: Groups<ask.PairRow>
  readonly publications: readonly ask.PublicationRow[]
  /** Canonical name by OID. */
  readonly keys: ReadonlyMap<number, string>
}

export type Groups<Item> = ReadonlyMap<number, readonly Item[]>

export function groupBy<Item>(items: readonly Item[], keyOf: (item: Item) => number): Groups<Item> {
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

export function relationsOf(found: readonly ask.RelationRow[], parts: Parts): PersistentMap<Relation> {
  const parents = groupBy(parts.inherits, (pair) => pair.other)
  const links: Links = {
    parents,
    children: groupBy(parts.inherits, (pair) => pair.one),
    published: publicationsOf(parts.publications, parents),
  }
  return PersistentMap.from(
    found.map((row): [string, Relation] => [postgresDialect.name(row.schema, row.name), relationOf(row, parts, links)]),
  )
}

const strategies = { r: 'range', l: 'list', h: 'hash' } as const

interface Links {
  readonly parents: Groups<ask.PairRow>
  readonly children: Groups<ask.PairRow>
  readonly published: (row: ask.RelationRow) => readonly string[]
}

function relationOf(row: ask.RelationRow, parts: Parts, links: Links): Relation {
  const columns = parts.columns.get(row.oid) ?? []
  const names = new Map(columns.map((column) => [column.position, column.name]))
  const parent = row.partition ? parts.keys.get(links.parents.get(row.oid)?.[0]?.one ?? 0) : undefined
  return {
    schema: row.schema,
    name: row.name,
    kind: kinds[row.kind],
    oid: row.oid,
    owner: row.owner,
    ...(row.grants === null ? {} : { grants: row.grants }),
    ...sizeOf(row, parts.version),
    ...(row.unlogged && { unlogged: true as const }),
    isNew: false,
    columns: columns.map(columnOf),
    constraints: byName((parts.constraints.get(row.oid) ?? []).map((constraint) => constraintOf(constraint, names))),
    indexes: byName((parts.indexes.get(row.oid) ?? []).map((index) => indexOf(index, names))),
    ...(parent === undefined ? {} : { partitionOf: parent }),
    ...partitioningOf(row, names),
    children: keysOf(links.children.get(row.oid), parts.keys),
    triggers: (parts.triggers.get(row.oid) ?? []).map((trigger) => trigger.name),
    publications: links.published(row),
    dependentViews: keysOf(parts.views.get(row.oid), parts.keys),
    ...securityOf(row, parts.policies.get(row.oid)),
    ...identityOf(row),
    ...ownerOf(parts.sequences.get(row.oid), parts.keys),
  }
}

function partitioningOf(
  { bound, partitionKey, strategy, keyColumns, ownStorage }: ask.RelationRow,
  names: ReadonlyMap<number, string>,
): Pick<Relation, 'partitionBound' | 'partitionKey' | 'partitionBy' | 'ownStorage'> {
  return {
    ...(bound === null ? {} : { partitionBound: bound }),
    ...(ownStorage && { ownStorage }),
    ...(partitionKey === null ? {} : { partitionKey: partitionKey.map((position) => names.get(position)) }),
    ...(strategy === null
      ? {}
      : { partitionBy: { strategy: strategies[strategy], columns: (keyColumns ?? []).map((name) => name ?? undefined) } }),
  }
}

// reltuples is -1 where the table was never analysed; 13 has 0 for that and for an empty table alike.
function sizeOf(row: ask.RelationRow, version: number): Pick<Relation, 'rows' | 'bytes' | 'pages' | 'analyzedAt'> {
  if (row.kind !== 'r' && row.kind !== 'm' && row.kind !== 'p') return {}
  const known = row.rows > 0 || (row.rows === 0 && version >= 14)
  return {
    ...(known ? { rows: row.rows } : {}),
    ...(row.bytes === null ? {} : { bytes: row.bytes, pages: row.pages }),
    ...(row.analyzed === null ? {} : { analyzedAt: row.analyzed }),
  }
}

function securityOf(
  { secured: enabled, forced }: ask.RelationRow,
  rows: readonly ask.PolicyRow[] = [],
): Pick<Relation, 'policies' | 'rowSecurity'> {
  return {
    ...(rows.length > 0 && { policies: byName(rows.map(({ name, mentions }) => ({ name, mentions }))) }),
    ...((enabled || forced) && { rowSecurity: { enabled, forced } }),
  }
}

const identities = { f: 'full', n: 'nothing', i: 'index' } as const

// The server's own default for what is no table is nothing.
function identityOf({ identity, kind }: ask.RelationRow): Pick<Relation, 'replicaIdentity'> {
  return identity === 'd' || (kind !== 'r' && kind !== 'p') ? {} : { replicaIdentity: identities[identity] }
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

function checkOf({ name, valid, definition, comment }: ask.ConstraintRow, columns: readonly string[]): Constraint {
  const check = { kind: 'check', name, valid, columns, expression: checkExpression(definition), definition } as const
  return comment === null ? check : { ...check, comment }
}

// The server names the table of a foreign key without its schema where the search path finds it; we never do.
function constraintOf(row: ask.ConstraintRow, names: ReadonlyMap<number, string>): Constraint {
  const { name, valid, definition } = row
  const columns = (row.columns ?? []).map((position) => names.get(position) ?? '')
  switch (row.kind) {
    case 'c':
      return checkOf(row, columns)
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
    bytes: row.bytes,
    unique: row.unique,
    valid: row.valid,
    method: row.method,
    columns: row.attributes.slice(0, row.keys).map((position) => names.get(position)),
    mentions: [...mentioned].map((position) => names.get(position) ?? ''),
    partial: row.partial,
    definition: row.definition.replace(/ pg_temp_\d+\./, ' pg_temp.'),
    ...(row.constraint === null ? {} : { constraint: row.constraint }),
    ...(row.parent === null ? {} : { parent: row.parent }),
    ...(row.identity && { identifiesRows: row.identity }),
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

function byName<Item extends { readonly name: string }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((one, other) => inOrder(one.name, other.name))
}

function inOrder(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0
}
