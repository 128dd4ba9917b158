import type { Catalog, Index, Relation } from '../../model/catalog.ts'
import { tableOfIndex } from '../catalog-names.ts'
import { columnsIn } from '../tree.ts'
import { relationKey } from '../names.ts'
import type { IndexElem, IndexStmt, PgNode } from '../node.ts'
import { chooseIndexName } from '../object-names.ts'
import { parse } from '../parse.ts'
import { expressionText, type Source } from '../source.ts'
import { indexKeyText, indexText, optionsText } from './definitions.ts'
import { byName, each, edit, LazySource } from './edit.ts'

export function createIndex(statement: IndexStmt, catalog: Catalog, source: Source): Catalog {
  const key = relationKey(statement.relation ?? {}, catalog)
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const taken = statement.idxname !== undefined && tableOfIndex(catalog, relation.schema, statement.idxname) !== undefined
  return taken ? catalog : addIndex(catalog, key, { statement, source })
}

export interface IndexRequest {
  readonly statement: IndexStmt
  readonly source: Source
  /** Index of the partitioned parent that asks for this one. */
  readonly parent?: string
}

/** The index, and one in each partition unless the table is named with ONLY. */
function addIndex(catalog: Catalog, key: string, request: IndexRequest): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const index = indexOf(relation, catalog, request)
  const added = putIndex(catalog, key, index)
  if (relation.kind !== 'partitioned' || isOnly(request.statement)) return added
  return each(added, relation.children, (changed, child) => addToPartition(changed, child, { ...request, parent: index.name }))
}

// The tree leaves false out.
function isOnly({ relation }: IndexStmt): boolean {
  return relation !== undefined && relation.inh !== true
}

export function putIndex(catalog: Catalog, key: string, index: Index): Catalog {
  return edit(catalog, key, (relation) => ({ ...relation, indexes: byName([...relation.indexes, index]) }))
}

// An index of the same shape that belongs to no other is taken over instead of built.
function addToPartition(catalog: Catalog, key: string, request: IndexRequest & { readonly parent: string }): Catalog {
  const { idxname: _named, ...statement } = request.statement
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const wanted = indexOf(relation, catalog, { ...request, statement })
  const twin = relation.indexes.find((index) => index.parent === undefined && shapeOf(index) === shapeOf(wanted))
  if (twin !== undefined) return attachIndex(catalog, key, { name: twin.name, parent: request.parent })
  return addIndex(catalog, key, { ...request, statement })
}

/** What makes two indexes interchangeable: all but their name and table. */
export function shapeOf(index: Index): string {
  return `${index.unique} ${index.definition.slice(index.definition.indexOf(' USING '))}`
}

export function attachIndex(catalog: Catalog, key: string, { name, parent }: { readonly name: string; readonly parent: string }): Catalog {
  return edit(catalog, key, (relation) => ({
    ...relation,
    indexes: relation.indexes.map((index) => (index.name === name ? { ...index, parent } : index)),
  }))
}

function indexOf(relation: Relation, catalog: Catalog, { statement, source, parent }: IndexRequest): Index {
  const [keys, including] = [elementsOf(statement.indexParams), elementsOf(statement.indexIncludingParams)]
  const name = statement.idxname ?? chooseIndexName({ catalog, relation }, statement)
  const shape = {
    name,
    unique: statement.unique === true,
    method: statement.accessMethod ?? 'btree',
    keys: keys.map((element) => indexKeyText(element, source)).join(', '),
    including: including.map((element) => element.name ?? ''),
    nullsNotDistinct: statement.nulls_not_distinct === true,
    options: optionsText(statement.options),
    where: expressionText(source, statement.whereClause),
  }
  return {
    name,
    unique: shape.unique,
    // A partitioned table's own index is valid once all its partitions have theirs.
    valid: !isOnly(statement) || relation.kind !== 'partitioned' || relation.children.length === 0,
    method: shape.method,
    columns: keys.map((element) => element.name),
    mentions: mentionsOf(relation, [keys, including], statement.whereClause),
    partial: statement.whereClause !== undefined,
    definition: indexText(shape, keyOf(relation, catalog), catalog),
    ...(parent !== undefined && { parent }),
  }
}

function keyOf(relation: Relation, catalog: Catalog): string {
  return relationKey([relation.schema, relation.name], catalog)
}

function elementsOf(nodes: readonly PgNode[] | undefined): readonly IndexElem[] {
  return (nodes ?? []).flatMap((node) => ('IndexElem' in node ? [node.IndexElem] : []))
}

/** Keys and INCLUDE in order, then what expressions and the predicate mention, in the order of the table. */
function mentionsOf(
  relation: Relation,
  [keys, including]: readonly [readonly IndexElem[], readonly IndexElem[]],
  where: PgNode | undefined,
): readonly string[] {
  const plain = [...keys, ...including].flatMap((element) => (element.name === undefined ? [] : [element.name]))
  const within = new Set(columnsIn([keys.map((element) => element.expr), where]))
  return [...new Set([...plain, ...relation.columns.map((column) => column.name).filter((column) => within.has(column))])]
}

/** A partition's or copy's own index after the definition of another table's; `parent` where it is attached to that one. */
export function cloneIndex(catalog: Catalog, key: string, { index, parent }: { readonly index: Index; readonly parent?: string }): Catalog {
  const [statement] = parse(Buffer.from(index.definition, 'utf8'))
  if (statement === undefined || !('IndexStmt' in statement.node)) return catalog
  const { idxname: _named, relation: _table, ...shape } = statement.node.IndexStmt
  const request = { statement: shape, source: new LazySource(statement.sql, statement.node) }
  return parent === undefined ? addIndex(catalog, key, request) : addToPartition(catalog, key, { ...request, parent })
}
