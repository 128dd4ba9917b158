import type { Catalog, Constraint, Relation } from '../../model/catalog.ts'
import { pointersTo, readsOf } from '../catalog-names.ts'

export type ForeignKey = Extract<Constraint, { readonly kind: 'foreign-key' }>

/** The relation, its partitions and its children by inheritance, all levels down. */
export function withDescendants(key: string, catalog: Catalog): readonly string[] {
  const found = new Set([key])
  for (const name of found) for (const child of catalog.relations.get(name)?.children ?? []) found.add(child)
  return [...found]
}

/** The relation and, where it is partitioned, its partitions, all levels down. Children by inheritance are tables of their own. */
export function withPartitions(key: string, catalog: Catalog): readonly string[] {
  return isPartitioned(key, catalog) ? withDescendants(key, catalog) : [key]
}

/** Those of the relations that hold rows themselves; what the catalog does not know counts as a table. */
export function withHeap(keys: readonly string[], catalog: Catalog): readonly string[] {
  return keys.filter((key) => {
    const kind = catalog.relations.get(key)?.kind ?? 'table'
    return kind === 'table' || kind === 'materialized-view'
  })
}

export function isPartitioned(key: string, catalog: Catalog): boolean {
  return catalog.relations.get(key)?.kind === 'partitioned'
}

/** True where the relation is not in a catalog that does not know everything. */
export function isUnknown(key: string, catalog: Catalog): boolean {
  return catalog.knowledge === 'partial' && !catalog.relations.has(key)
}

/** Foreign keys of a relation, with the tables that they refer to. */
export function foreignKeysOf(relation: Relation | undefined): readonly ForeignKey[] {
  return (relation?.constraints ?? []).filter((constraint) => constraint.kind === 'foreign-key')
}

export interface ForeignKeyFrom {
  /** Canonical name of the referring table. */
  readonly from: string
  readonly foreignKey: ForeignKey
}

/** Foreign keys of all tables (its own included) that refer to this one. */
export function foreignKeysTo(key: string, catalog: Catalog): readonly ForeignKeyFrom[] {
  const found: ForeignKeyFrom[] = []
  for (const from of pointersTo(catalog, key))
    for (const constraint of catalog.relations.get(from)?.constraints ?? [])
      if (constraint.kind === 'foreign-key' && constraint.references === key) found.push({ from, foreignKey: constraint })
  return found
}

/** Views and materialised views that read the relation, and those that read these. */
export function viewsOver(key: string, catalog: Catalog): readonly string[] {
  const found = new Set(catalog.relations.get(key)?.dependentViews ?? [])
  for (const view of found) for (const next of catalog.relations.get(view)?.dependentViews ?? []) found.add(next)
  return [...found]
}

/** What a view reads, through other views too: these are locked as well when it is queried. */
export function tablesUnder(view: string, catalog: Catalog): readonly string[] {
  const found = new Set(readsOf(catalog, view))
  for (const key of found) if (catalog.relations.get(key)?.kind === 'view') for (const below of readsOf(catalog, key)) found.add(below)
  return [...found]
}

/** Sequences that a table's serial and identity columns own: all, or those of one column. */
export function ownedSequences(key: string, catalog: Catalog, column?: string): readonly string[] {
  return pointersTo(catalog, key).filter((sequence) => {
    const owner = catalog.relations.get(sequence)?.ownedBy
    return owner?.relation === key && (column === undefined || owner.column === column)
  })
}

/** Tables with a column of this domain, enum or composite type, or of a domain over it. */
export function tablesWithType(type: string, catalog: Catalog): readonly string[] {
  const over = [...catalog.types]
    .filter(([, named]) => named.kind === 'domain' && withoutModifiers(named.base) === type)
    .map(([key]) => key)
  const direct = [...catalog.relations]
    .filter(([, relation]) => relation.columns.some((column) => withoutModifiers(column.type) === type))
    .map(([key]) => key)
  return [...new Set([...direct, ...over.flatMap((key) => tablesWithType(key, catalog))])]
}

/** `public.mood[]` and `public.code(10)` as the name of their type. */
function withoutModifiers(type: string): string {
  return type.replace(/(\(.*\))?(\[\])*$/, '')
}
