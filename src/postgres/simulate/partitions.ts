import type { Catalog, Relation } from '../../model/catalog.ts'
import { qualifiedName, relationKey } from '../names.ts'
import { textsOf, type PartitionBoundSpec, type PartitionCmd, type PgNode } from '../node.ts'
import { expressionText, type Source } from '../source.ts'
import { cloneForeignKey } from './constraints.ts'
import { each, edit, sorted, without } from './edit.ts'
import { attachIndex, cloneIndex, shapeOf } from './indexes.ts'
import { cloneKey } from './like.ts'

/** What a partition takes over from its parent beside columns and CHECKs: indexes and keys, foreign keys, triggers, publications. */
export function inheritAsPartition(catalog: Catalog, parent: string, key: string): Catalog {
  const above = catalog.relations.get(parent)
  if (above === undefined) return catalog
  const indexed = each(catalog, above.indexes, (changed, index) => inheritIndex(changed, key, { above, name: index.name }))
  const foreignKeys = above.constraints.filter((constraint) => constraint.kind === 'foreign-key')
  const linked = each(indexed, foreignKeys, (changed, foreignKey) => cloneForeignKey(changed, key, foreignKey))
  return edit(linked, key, (relation) => ({
    ...relation,
    triggers: sorted([...relation.triggers, ...above.triggers]),
    publications: sorted([...relation.publications, ...above.publications]),
  }))
}

function inheritIndex(catalog: Catalog, key: string, { above, name }: { readonly above: Relation; readonly name: string }): Catalog {
  const relation = catalog.relations.get(key)
  const index = above.indexes.find((each) => each.name === name)
  if (relation === undefined || index === undefined) return catalog
  const constraint = above.constraints.find((each) => each.name === index.constraint)
  if (constraint === undefined) return cloneIndex(catalog, key, { index, parent: name })
  const twin = relation.indexes.find((own) => own.parent === undefined && own.constraint !== undefined && shapeOf(own) === shapeOf(index))
  if (twin !== undefined) return attachIndex(catalog, key, { name: twin.name, parent: name })
  const cloned = cloneKey(catalog, key, { index, constraint, parent: name })
  const made = cloned.relations.get(key)?.indexes.find((own) => own.parent === name)
  if (made === undefined) return cloned
  const next = cloned.relations.get(key)
  return each(cloned, next?.children ?? [], (changed, child) => inheritIndex(changed, child, { above: next ?? relation, name: made.name }))
}

export function attachPartition(
  catalog: Catalog,
  parent: string,
  { command, source }: { readonly command: PartitionCmd; readonly source: Source },
): Catalog {
  const key = relationKey(command.name ?? {}, catalog)
  const bound = boundText(command.bound, source)
  const inherited = inheritAsPartition(catalog, parent, key)
  const child = edit(inherited, key, (relation) => ({
    ...relation,
    partitionOf: parent,
    ...(bound !== undefined && { partitionBound: bound }),
  }))
  return edit(child, parent, (relation) => ({ ...relation, children: sorted([...relation.children, key]) }))
}

// What came down stays, but the triggers, and identity from 17 on.
export function detachPartition(catalog: Catalog, parent: string, command: PartitionCmd): Catalog {
  const key = relationKey(command.name ?? {}, catalog)
  const above = catalog.relations.get(parent)
  const names = new Set(above?.indexes.map((index) => index.name))
  const freed = edit(catalog, key, (relation) => ({
    ...without(relation, 'partitionOf', 'partitionBound'),
    triggers: relation.triggers.filter((trigger) => above?.triggers.includes(trigger) !== true),
    publications: relation.publications.filter(
      (name) => catalog.publications?.some((one) => one.name === name && (one.allTables || one.schemas.includes(relation.schema))) === true,
    ),
    columns: relation.columns.map((column) => (catalog.server.version >= 17 ? without(column, 'identity') : column)),
    indexes: relation.indexes.map((index) => (names.has(index.parent ?? '') ? without(index, 'parent') : index)),
  }))
  return edit(freed, parent, (relation) => ({ ...relation, children: relation.children.filter((child) => child !== key) }))
}

/** ALTER INDEX ... ATTACH PARTITION: the parent's index is valid once each partition has an attached valid one. */
export function attachPartitionIndex(
  catalog: Catalog,
  place: { readonly key: string; readonly name: string },
  command: PartitionCmd,
): Catalog {
  const child = qualifiedName(command.name ?? {}).name
  const children = catalog.relations.get(place.key)?.children ?? []
  const owner = children.find((each) => catalog.relations.get(each)?.indexes.some((index) => index.name === child) === true)
  if (owner === undefined) return catalog
  return validateParents(attachIndex(catalog, owner, { name: child, parent: place.name }), place)
}

function validateParents(catalog: Catalog, { key, name }: { readonly key: string; readonly name: string }): Catalog {
  const relation = catalog.relations.get(key)
  const complete = relation?.children.every(
    (child) => catalog.relations.get(child)?.indexes.some((index) => index.parent === name && index.valid) === true,
  )
  if (relation === undefined || complete !== true) return catalog
  const valid = edit(catalog, key, (old) => ({
    ...old,
    indexes: old.indexes.map((index) => (index.name === name ? { ...index, valid: true } : index)),
  }))
  const parent = relation.indexes.find((index) => index.name === name)?.parent
  return parent === undefined || relation.partitionOf === undefined
    ? valid
    : validateParents(valid, { key: relation.partitionOf, name: parent })
}

/** As pg_get_expr prints a partition's bound, but with the user's own words for its values. */
export function boundText(bound: PartitionBoundSpec | undefined, source: Source): string | undefined {
  if (bound === undefined) return undefined
  if (bound.is_default === true) return 'DEFAULT'
  const values = (nodes: readonly PgNode[] | undefined) => (nodes ?? []).map((node) => valueText(node, source)).join(', ')
  if (bound.strategy === 'h') return `FOR VALUES WITH (modulus ${bound.modulus ?? 0}, remainder ${bound.remainder ?? 0})`
  if (bound.strategy === 'l') return `FOR VALUES IN (${values(bound.listdatums)})`
  return `FOR VALUES FROM (${values(bound.lowerdatums)}) TO (${values(bound.upperdatums)})`
}

function valueText(node: PgNode, source: Source): string {
  const word = 'ColumnRef' in node ? textsOf(node.ColumnRef.fields)[0]?.toUpperCase() : undefined
  return word === 'MINVALUE' || word === 'MAXVALUE' ? word : (expressionText(source, node) ?? '')
}
