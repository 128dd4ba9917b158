import type { Catalog, Constraint } from '../../model/catalog.ts'
import { parentsOf, pointersTo, readsOf, removeRelation } from '../catalog-names.ts'
import { each, edit, editColumn, type ColumnPlace } from './edit.ts'
import { withoutPoliciesOn } from './policies.ts'

/**
 * A column goes with its indexes, constraints and sequences; with CASCADE also the views that show one of its name: which views
 * read it is not known.
 */
export function dropColumn(catalog: Catalog, { relation: key, column: name }: ColumnPlace, cascade: boolean): Catalog {
  const relation = catalog.relations.get(key)
  if (relation?.columns.some((column) => column.name === name) !== true) return catalog
  const unreferenced = each(catalog, pointersTo(catalog, key), (changed, other) =>
    dropForeignKeys(changed, other, (foreignKey) => foreignKey.references === key && foreignKey.referencedColumns.includes(name)),
  )
  const views = cascade
    ? relation.dependentViews.filter((view) => catalog.relations.get(view)?.columns.some((column) => column.name === name))
    : []
  const unseen = each(unreferenced, views, (changed, view) => dropRelation(changed, view))
  const bare = edit(unseen, key, (old) => ({
    ...withoutPoliciesOn(old, name),
    columns: old.columns.filter((column) => column.name !== name),
    constraints: old.constraints.filter((constraint) => !constraint.columns.includes(name)),
    indexes: old.indexes.filter((index) => !index.mentions.includes(name)),
  }))
  return dropSequencesOf(bare, key, name)
}

type ForeignKey = Extract<Constraint, { readonly kind: 'foreign-key' }>

function dropForeignKeys(catalog: Catalog, key: string, falls: (foreignKey: ForeignKey) => boolean): Catalog {
  return edit(catalog, key, (relation) => ({
    ...relation,
    constraints: relation.constraints.filter((constraint) => constraint.kind !== 'foreign-key' || !falls(constraint)),
  }))
}

/** The sequences that a column owns, or all of the table's. */
export function dropSequencesOf(catalog: Catalog, key: string, column?: string): Catalog {
  const owned = pointersTo(catalog, key).filter((pointer) => {
    const owner = catalog.relations.get(pointer)?.ownedBy
    return owner?.relation === key && (column === undefined || owner.column === column)
  })
  return each(catalog, owned, removeRelation)
}

export function dropNotNull(catalog: Catalog, key: string, column: string): Catalog {
  const dropped = edit(catalog, key, (relation) => ({
    ...relation,
    constraints: relation.constraints.filter((constraint) => constraint.kind !== 'not-null' || constraint.columns[0] !== column),
  }))
  return editColumn(dropped, { relation: key, column }, (old) => ({ ...old, nullable: true }))
}

/** The constraint, its index, what partitions have of it, and with CASCADE the foreign keys that rest on it. */
export function dropConstraint(
  catalog: Catalog,
  key: string,
  what: { readonly name: string; readonly only: boolean; readonly cascade: boolean },
): Catalog {
  const relation = catalog.relations.get(key)
  const constraint = relation?.constraints.find((each) => each.name === what.name)
  if (relation === undefined || constraint === undefined) return catalog
  const below = what.only
    ? catalog
    : each(catalog, relation.children, (changed, child) => dropInherited(changed, child, { ...what, constraint }))
  if (constraint.kind === 'not-null') return dropNotNull(below, key, constraint.columns[0] ?? '')
  const isKey = constraint.kind === 'primary-key' || constraint.kind === 'unique'
  const free = isKey && what.cascade ? dropReferences(below, key, constraint.columns) : below
  return edit(free, key, (old) => ({
    ...old,
    constraints: old.constraints.filter((each) => each.name !== what.name),
    indexes: old.indexes.filter((index) => index.constraint !== what.name),
  }))
}

function dropReferences(catalog: Catalog, key: string, columns: readonly string[]): Catalog {
  const rests = (foreignKey: ForeignKey) =>
    foreignKey.references === key && foreignKey.referencedColumns.toSorted().join() === columns.toSorted().join()
  return each(catalog, pointersTo(catalog, key), (changed, other) => dropForeignKeys(changed, other, rests))
}

// Keys of partitions have names of their own: found by the index that is attached to the parent's.
function dropInherited(catalog: Catalog, key: string, what: { readonly cascade: boolean; readonly constraint: Constraint }): Catalog {
  const relation = catalog.relations.get(key)
  const { constraint, cascade } = what
  const isKey = constraint.kind === 'primary-key' || constraint.kind === 'unique' || constraint.kind === 'exclude'
  const own = isKey
    ? relation?.indexes.find((index) => index.parent === constraint.name)?.constraint
    : relation?.constraints.find((each) => each.kind === constraint.kind && isSame(each, constraint))?.name
  return own === undefined ? catalog : dropConstraint(catalog, key, { name: own, only: false, cascade })
}

function isSame(one: Constraint, other: Constraint): boolean {
  return one.kind === 'not-null' ? one.columns[0] === other.columns[0] : one.name === other.name
}

/** A relation with all that cannot be without it: partitions and children, foreign keys to it, its sequences, views over it. */
export function dropRelation(catalog: Catalog, key: string): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const below = each(catalog, [...relation.children, ...relation.dependentViews], dropRelation)
  const pointers = each(below, pointersTo(below, key), (changed, other) =>
    dropForeignKeys(changed, other, (foreignKey) => foreignKey.references === key),
  )
  const parentless = each(pointers, parentsOf(pointers, key), (changed, parent) =>
    edit(changed, parent, (old) => ({ ...old, children: old.children.filter((child) => child !== key) })),
  )
  const used = relation.ownedBy === undefined ? parentless : dropDefault(parentless, relation.ownedBy, relation.name)
  return removeRelation(dropSequencesOf(forgetView(used, key), key), key)
}

function dropDefault(catalog: Catalog, owner: ColumnPlace, sequence: string): Catalog {
  return editColumn(catalog, owner, (column) => {
    if (column.default?.includes(sequence) !== true) return column
    const { default: _dropped, ...rest } = column
    return rest
  })
}

export function forgetView(catalog: Catalog, view: string): Catalog {
  return each(catalog, readsOf(catalog, view), (changed, key) =>
    edit(changed, key, (old) => ({ ...old, dependentViews: old.dependentViews.filter((each) => each !== view) })),
  )
}

/** An index of a partitioned table goes with those of the partitions. */
export function dropIndex(catalog: Catalog, key: string, name: string): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const below = each(catalog, relation.children, (changed, child) => {
    const own = changed.relations.get(child)?.indexes.find((index) => index.parent === name)
    return own === undefined ? changed : dropIndex(changed, child, own.name)
  })
  return edit(below, key, (old) => ({ ...old, indexes: old.indexes.filter((index) => index.name !== name) }))
}
