import type { Catalog, Relation } from '../model/catalog.ts'

/** What in a schema is unfinished, by canonical name. */
export interface Health {
  /** Helper objects of ours that are still there: `index public._lk_orders_note`. */
  readonly leftovers: readonly string[]
  readonly invalidIndexes: readonly string[]
  /** NOT VALID constraints: `public.orders.orders_user_fk`. */
  readonly unvalidated: readonly string[]
}

export function healthOf(catalog: Catalog): Health {
  const relations = [...catalog.relations]
  return {
    leftovers: relations.flatMap(([name, relation]) => leftoversOf(name, relation)),
    invalidIndexes: relations.flatMap(([, relation]) =>
      relation.indexes.filter((index) => !index.valid).map((index) => `${relation.schema}.${index.name}`),
    ),
    unvalidated: relations.flatMap(([name, relation]) =>
      relation.constraints.filter((constraint) => !constraint.valid).map((constraint) => `${name}.${constraint.name}`),
    ),
  }
}

function leftoversOf(name: string, relation: Relation): readonly string[] {
  return [
    ...(isOurs(relation.name) ? [`${relation.kind} ${name}`] : []),
    ...relation.columns.filter((column) => isOurs(column.name)).map((column) => `column ${name}.${column.name}`),
    ...relation.constraints.filter((constraint) => isOurs(constraint.name)).map((constraint) => `constraint ${name}.${constraint.name}`),
    ...relation.indexes
      .filter((index) => isOurs(index.name) && index.constraint === undefined)
      .map((index) => `index ${relation.schema}.${index.name}`),
    ...relation.triggers.filter(isOurs).map((trigger) => `trigger ${name}.${trigger}`),
  ]
}

// Triggers begin with ~ so that they sort last by bytes.
function isOurs(name: string): boolean {
  return name.startsWith('_lk_') || name.startsWith('~lk_')
}
