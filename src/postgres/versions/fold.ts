import type { Catalog, Column, Relation } from '../../model/catalog.ts'
import { putRelation } from '../catalog-names.ts'
import { catalogAfter } from '../rewrites/_step.ts'

/** A table as a version is to see it. */
export interface Shown {
  /** Canonical name of the table as it stands now. */
  readonly table: string
  readonly relation: Relation
  /** What the version calls it. */
  readonly name: string
  readonly columns: readonly ShownColumn[]
}

export interface ShownColumn {
  /** The column that stands in the table. */
  readonly from: string
  /** As it will be once the contracts are taken. */
  readonly as: Column
  /** Another default than the table has now, until its contract. */
  readonly otherDefault: boolean
}

interface Wanted {
  readonly schema: string
  readonly contracts: readonly string[]
  /** Canonical name of a table to its columns as the earlier version has them. */
  readonly orders: ReadonlyMap<string, readonly string[]>
}

/**
 * The tables of a schema as they will be once all contracts are taken, each with where its columns stand now. The contracts are followed statement
 * by statement, with each table and column marked by its place, so that a name that changes hands is no riddle.
 */
export function shownAfter(physical: Catalog, { schema, contracts, orders }: Wanted): readonly Shown[] {
  const tables = [...physical.relations].filter(([, relation]) => relation.schema === schema && isTable(relation))
  const marked = tables.reduce((catalog, [key, relation], at) => putRelation(catalog, markedBy(relation, at), key), physical)
  const after = catalogAfter(contracts, marked)
  return [...after.relations.values()]
    .filter((relation) => relation.schema === schema && isTable(relation))
    .flatMap((relation) => {
      const [table, now] = tables[placeOf(relation)] ?? []
      return table === undefined || now === undefined
        ? []
        : [{ table, relation: now, name: relation.name, columns: columnsOf(relation, now, orders.get(table) ?? []) }]
    })
}

function isTable({ kind }: Relation): boolean {
  return kind === 'table' || kind === 'partitioned'
}

/** No server gives such numbers. */
const firstMark = -1

function markedBy(relation: Relation, at: number): Relation {
  return { ...relation, oid: firstMark - at, columns: relation.columns.map((column, position) => ({ ...column, position })) }
}

function placeOf({ oid = 0 }: Relation): number {
  return firstMark - oid
}

/** In the order in which the earlier version has them, and else of the table; one that takes the name of another takes its place. */
function columnsOf(after: Relation, now: Relation, order: readonly string[]): readonly ShownColumn[] {
  const kept = new Set(after.columns.map(({ position }) => position))
  const place = ({ name, position = 0 }: Column) => {
    const known = [name, now.columns[position]?.name].map((one) => order.indexOf(one ?? '')).find((at) => at >= 0)
    const former = now.columns.findIndex((column) => column.name === name)
    return known ?? order.length + (former < 0 || kept.has(former) ? position : former)
  }
  return after.columns
    .toSorted((one, other) => place(one) - place(other))
    .flatMap((as) => {
      const from = now.columns[as.position ?? now.columns.length]
      return from === undefined ? [] : [{ from: from.name, as, otherDefault: as.generated === undefined && as.default !== from.default }]
    })
}
