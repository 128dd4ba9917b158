import type { Catalog, Column, Constraint as Made, Relation, RelationKind } from '../../model/catalog.ts'
import { putRelation } from '../catalog-names.ts'
import type { PgNode } from '../node.ts'
import type { Source } from '../source.ts'
import { scan, type Token } from '../parse.ts'

/** A statement, whose text is cut into tokens only where an expression is wanted. */
export class LazySource implements Source {
  readonly sql: string
  readonly node: PgNode
  #tokens: readonly Token[] | undefined

  constructor(sql: string, node: PgNode) {
    this.sql = sql
    this.node = node
  }

  get tokens(): readonly Token[] {
    this.#tokens ??= scan(this.sql).filter((token) => !token.kind.endsWith('_COMMENT'))
    return this.#tokens
  }
}

/** The catalog with one relation changed; the same catalog where it has none of this name. */
export function edit(catalog: Catalog, key: string, change: (relation: Relation) => Relation): Catalog {
  const relation = catalog.relations.get(key)
  return relation === undefined ? catalog : putRelation(catalog, change(relation), key)
}

/** A column, by the canonical name of its table and its own. */
export interface ColumnPlace {
  readonly relation: string
  readonly column: string
}

export function editColumn(catalog: Catalog, place: ColumnPlace, change: (column: Column) => Column): Catalog {
  return edit(catalog, place.relation, (relation) => ({
    ...relation,
    columns: relation.columns.map((column) => (column.name === place.column ? change(column) : column)),
  }))
}

/** The effect on a relation, and on its partitions or children too where the statement recurses. */
export function eachBelow(catalog: Catalog, key: string, effect: (catalog: Catalog, key: string) => Catalog): Catalog {
  const children = catalog.relations.get(key)?.children ?? []
  return children.reduce((changed, child) => eachBelow(changed, child, effect), effect(catalog, key))
}

/** Same as `reduce`, for effects on a catalog. */
export function each<Item>(catalog: Catalog, items: readonly Item[], effect: (catalog: Catalog, item: Item) => Catalog): Catalog {
  return items.reduce(effect, catalog)
}

/** A constraint added, or put in place of the one of its name. */
export function putConstraint(catalog: Catalog, key: string, constraint: Made): Catalog {
  return edit(catalog, key, (relation) => ({
    ...relation,
    constraints: byName([...relation.constraints.filter((other) => other.name !== constraint.name), constraint]),
  }))
}

export function newRelation({ schema, name }: Pick<Relation, 'schema' | 'name'>, kind: RelationKind): Relation {
  return {
    schema,
    name,
    kind,
    isNew: true,
    columns: [],
    constraints: [],
    indexes: [],
    children: [],
    triggers: [],
    publications: [],
    dependentViews: [],
  }
}

/** As readCatalog orders constraints, indexes and triggers. */
export function byName<Item extends { readonly name: string }>(items: readonly Item[]): readonly Item[] {
  return items.toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0))
}

export function sorted(keys: Iterable<string>): readonly string[] {
  return [...new Set(keys)].toSorted((one, other) => (one < other ? -1 : one > other ? 1 : 0))
}

/** Without the fields that `exactOptionalPropertyTypes` will not have as undefined. */
export function without<Item, Key extends keyof Item>(item: Item, ...keys: readonly Key[]): Omit<Item, Key> {
  const copy = { ...item }
  for (const key of keys) delete copy[key]
  return copy
}
