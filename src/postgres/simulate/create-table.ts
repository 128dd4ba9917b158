import type { Catalog, Column, PartitionBy, Relation, RelationKind } from '../../model/catalog.ts'
import { isRelationName, putRelation } from '../catalog-names.ts'
import { creationSchema, qualifiedName, relationKey } from '../names.ts'
import type { ColumnDef, Constraint, CreateStmt, PartitionSpec, PgNode, RangeVar } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import type { Source } from '../source.ts'
import { addColumn, constraintsOf, type DefinedColumn } from './columns.ts'
import { addConstraints } from './constraints.ts'
import { byName, each, edit, newRelation, putConstraint, sorted } from './edit.ts'
import { copyLike, likeColumns } from './like.ts'
import { boundText, inheritAsPartition } from './partitions.ts'
import { isSerial } from '../type-text.ts'
import type { Wanted } from './wanted.ts'

export function createTable(statement: CreateStmt, catalog: Catalog, source: Source): Catalog {
  const kind = statement.partspec === undefined ? 'table' : 'partitioned'
  return createRelation({ statement, source, kind }, catalog)
}

export function createForeignTable(statement: CreateStmt, catalog: Catalog, source: Source): Catalog {
  return createRelation({ statement, source, kind: 'foreign-table' }, catalog)
}

interface Creation {
  readonly statement: CreateStmt
  readonly source: Source
  readonly kind: RelationKind
}

function createRelation({ statement, source, kind }: Creation, catalog: Catalog): Catalog {
  const { schema, name, ...traits } = createdWith(statement.relation ?? {}, kind, catalog)
  if (isRelationName(catalog, schema, name)) return catalog
  const key = postgresDialect.name(schema, name)
  const parents = (statement.inhRelations ?? []).flatMap((node) => ('RangeVar' in node ? [relationKey(node.RangeVar, catalog)] : []))
  const partition = statement.partbound !== undefined
  const columns = inheritedColumns(parents, catalog, partition)
  const bare = putRelation(catalog, {
    ...newRelation({ schema, name }, kind),
    ...traits,
    columns,
    ...(partition && partitionOf(parents, statement, source)),
    ...(statement.partspec !== undefined &&
      (statement.tablespacename !== undefined || statement.accessMethod !== undefined) && { ownStorage: true as const }),
    ...(statement.partspec !== undefined && { partitionBy: partitionBy(statement.partspec) }),
    ...partitionKeyOf(statement),
  })
  const child = each(bare, parents, (changed, parent) =>
    edit(changed, parent, (above) => ({ ...above, children: sorted([...above.children, key]) })),
  )
  const filled = each(child, statement.tableElts ?? [], (changed, element) => addElement(changed, key, { element, source }))
  const inherited = each(filled, parents, (changed, parent) => inheritConstraints(changed, key, parent))
  const constrained = addConstraints(inherited, key, wantedOf(statement, source))
  const cloned = partition ? each(constrained, parents, (changed, parent) => inheritAsPartition(changed, parent, key)) : constrained
  return each(cloned, statement.tableElts ?? [], (changed, element) =>
    'TableLikeClause' in element ? copyLike(changed, key, element.TableLikeClause) : changed,
  )
}

// An operator class or collation that is written out is taken for another than the usual one.
function partitionBy({ strategy, partParams }: PartitionSpec): PartitionBy {
  const columns = (partParams ?? []).flatMap((node) => ('PartitionElem' in node ? [node.PartitionElem] : []))
  return {
    strategy: strategy === 'PARTITION_STRATEGY_LIST' ? 'list' : strategy === 'PARTITION_STRATEGY_HASH' ? 'hash' : 'range',
    columns: columns.map(({ name, collation, opclass }) => (collation === undefined && opclass === undefined ? name : undefined)),
  }
}

/** Where CREATE puts a relation, whether it is unlogged, and the publications that take it in. */
export function createdWith(
  range: RangeVar,
  kind: RelationKind,
  catalog: Catalog,
): Pick<Relation, 'schema' | 'name' | 'publications' | 'unlogged'> {
  const { schema = creationSchema(catalog), name } = qualifiedName(range)
  if (range.relpersistence === 't') return { schema: 'pg_temp', name, publications: [] }
  const published = range.relpersistence !== 'u' && (kind === 'table' || kind === 'partitioned')
  const publications = (catalog.publications ?? []).filter((one) => published && (one.allTables || one.schemas.includes(schema)))
  const unlogged = range.relpersistence === 'u' && kind === 'table'
  return { schema, name, publications: sorted(publications.map((one) => one.name)), ...(unlogged && { unlogged }) }
}

// Columns of the same name from several parents are one. Identity goes to partitions only, and from 17 on.
function inheritedColumns(parents: readonly string[], catalog: Catalog, partition: boolean): readonly Column[] {
  const columns = new Map<string, Column>()
  for (const column of parents.flatMap((parent) => catalog.relations.get(parent)?.columns ?? [])) {
    const { identity, position: _position, ...plain } = column
    const keeps = partition && catalog.server.version >= 17 && identity !== undefined
    columns.set(column.name, { ...plain, ...columns.get(column.name), ...(keeps && { identity }) })
  }
  return [...columns.values()]
}

function partitionOf([parent]: readonly string[], statement: CreateStmt, source: Source): Pick<Relation, 'partitionOf' | 'partitionBound'> {
  const bound = boundText(statement.partbound, source)
  return { ...(parent !== undefined && { partitionOf: parent }), ...(bound !== undefined && { partitionBound: bound }) }
}

function partitionKeyOf({ partspec }: CreateStmt): Pick<Relation, 'partitionKey'> {
  if (partspec === undefined) return {}
  return { partitionKey: (partspec.partParams ?? []).map((node) => ('PartitionElem' in node ? node.PartitionElem.name : undefined)) }
}

function addElement(catalog: Catalog, key: string, { element, source }: { readonly element: PgNode; readonly source: Source }): Catalog {
  if ('TableLikeClause' in element) {
    const copied = likeColumns(element.TableLikeClause, catalog)
    return edit(catalog, key, (relation) => ({ ...relation, columns: [...relation.columns, ...copied] }))
  }
  if (!('ColumnDef' in element)) return catalog
  const inherited = catalog.relations.get(key)?.columns.some((column) => column.name === element.ColumnDef.colname) === true
  const defined = { definition: element.ColumnDef, source }
  return inherited ? mergeColumn(catalog, key, defined) : addColumn(catalog, key, defined)
}

// A column that the parent has too keeps its place; what is said of it here comes on top.
function mergeColumn(catalog: Catalog, key: string, defined: DefinedColumn): Catalog {
  const alone = addColumn(
    edit(catalog, key, (relation) => ({ ...relation, columns: [] })),
    key,
    defined,
  )
  const said = alone.relations.get(key)?.columns[0]
  const before = catalog.relations.get(key)?.columns ?? []
  const merged = before.map((column) => {
    if (said === undefined || column.name !== said.name) return column
    const { type: _type, nullable: _nullable, ...rest } = said
    return { ...column, ...rest }
  })
  return edit(alone, key, (relation) => ({ ...relation, columns: merged }))
}

// CHECKs go down with their names, and from 18 on NOT NULLs too.
function inheritConstraints(catalog: Catalog, key: string, parent: string): Catalog {
  const inherited = (catalog.relations.get(parent)?.constraints ?? []).filter(
    (constraint) => (constraint.kind === 'check' || constraint.kind === 'not-null') && !constraint.definition.includes(' NO INHERIT'),
  )
  const missing = inherited.filter((constraint) => {
    const own = catalog.relations.get(key)?.constraints ?? []
    return !own.some(
      (other) =>
        other.name === constraint.name ||
        (constraint.kind === 'not-null' && other.kind === 'not-null' && other.columns[0] === constraint.columns[0]),
    )
  })
  return each(catalog, byName(missing), (changed, constraint) => putConstraint(changed, key, constraint))
}

function wantedOf(statement: CreateStmt, source: Source): readonly Wanted[] {
  const ofColumns = (statement.tableElts ?? []).flatMap((element) =>
    'ColumnDef' in element ? wantedOfColumn(element.ColumnDef, source) : [],
  )
  const own = [...constraintsOf(statement.tableElts), ...constraintsOf(statement.constraints)].map((node) => ({
    node: bornValid(node),
    source,
  }))
  return [...ofColumns, ...own]
}

// A new table has no rows that could break a constraint: NOT VALID means nothing there (transformCheckConstraints).
function bornValid({ skip_validation: _skip, ...node }: Constraint): Constraint {
  return node
}

/** The constraints in a column's definition; serial and identity mean NOT NULL too. */
export function wantedOfColumn(definition: ColumnDef, source: Source): readonly Wanted[] {
  const column = definition.colname ?? ''
  const nodes = constraintsOf(definition.constraints)
  const implied =
    impliesNotNull(definition) && !nodes.some((node) => node.contype === 'CONSTR_NOTNULL') ? [{ contype: 'CONSTR_NOTNULL' } as const] : []
  return [...implied, ...nodes].map((node) => ({ node, column, source }))
}

function impliesNotNull(definition: ColumnDef): boolean {
  const identity = constraintsOf(definition.constraints).some((node) => node.contype === 'CONSTR_IDENTITY')
  return identity || isSerial(definition.typeName)
}
