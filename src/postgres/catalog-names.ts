import type { Catalog, Relation } from '../model/catalog.ts'
import { PersistentMap } from '../std/persistent-map.ts'
import { postgresDialect } from './quote.ts'

/** What a catalog holds under names that are no keys of its own: made once for a snapshot, and carried along from change to change. */
interface Names {
  /** Canonical name of an index to the canonical name of its table. */
  readonly indexes: PersistentMap<string>
  /** Canonical name of a constraint to how many tables have one of that name: names are unique in a table only. */
  readonly constraints: PersistentMap<number>
  /** Canonical name of a table to the relations that would fall with it: tables with foreign keys to it, sequences it owns. */
  readonly pointers: Links
  /** Canonical name of a view to what it reads. */
  readonly reads: Links
  /** Canonical name of a partition, or child by inheritance, to the tables above it. */
  readonly parents: Links
}

type Links = PersistentMap<PersistentMap<true>>

/** Names not yet made: those of an older version, and the relation that changed since. Most changes are never asked for their names. */
interface Pending {
  readonly older: PersistentMap<Relation>
  readonly key: string
}

/** Keyed by the relations, so that a catalog copied with another search path or time zone still finds them. */
const known = new WeakMap<ReadonlyMap<string, Relation>, { readonly names: Names } | { readonly pending: Pending }>()

/** Canonical name of the table that has an index of this name. */
export function tableOfIndex(catalog: Catalog, schema: string, name: string): string | undefined {
  return namesOf(catalog).indexes.get(postgresDialect.name(schema, name))
}

/** Whether a relation or an index has this name: they share one space. */
export function isRelationName(catalog: Catalog, schema: string, name: string): boolean {
  const key = postgresDialect.name(schema, name)
  return catalog.relations.has(key) || namesOf(catalog).indexes.has(key)
}

export function isConstraintName(catalog: Catalog, schema: string, name: string): boolean {
  return namesOf(catalog).constraints.has(postgresDialect.name(schema, name))
}

/** Tables with a foreign key to this one (itself too, where it has one) and sequences that it owns. */
export function pointersTo(catalog: Catalog, key: string): readonly string[] {
  return [...(namesOf(catalog).pointers.get(key)?.keys() ?? [])]
}

/** What a view reads directly. */
export function readsOf(catalog: Catalog, view: string): readonly string[] {
  return [...(namesOf(catalog).reads.get(view)?.keys() ?? [])]
}

/** The partitioned table that a partition belongs to, or the tables that a child inherits from. */
export function parentsOf(catalog: Catalog, key: string): readonly string[] {
  return [...(namesOf(catalog).parents.get(key)?.keys() ?? [])]
}

/** The catalog with this relation in place of the one of its name, or beside the others; O(log n). */
export function putRelation(
  catalog: Catalog,
  relation: Relation,
  key: string = postgresDialect.name(relation.schema, relation.name),
): Catalog {
  return withChange(catalog, key, (relations) => relations.with(key, relation))
}

export function removeRelation(catalog: Catalog, key: string): Catalog {
  return withChange(catalog, key, (relations) => relations.without(key))
}

/** The catalog once what came after `before` has been deployed for a while: none of it is new any more. */
export function settle(after: Catalog, before: Catalog): Catalog {
  const grown = PersistentMap.from(after.relations).since(PersistentMap.from(before.relations))
  return grown.reduce((catalog, [, relation]) => (relation.isNew ? putRelation(catalog, { ...relation, isNew: false }) : catalog), after)
}

function withChange(catalog: Catalog, key: string, change: (relations: PersistentMap<Relation>) => PersistentMap<Relation>): Catalog {
  const older = PersistentMap.from(catalog.relations)
  if (older !== catalog.relations) known.set(older, { names: namesOf(catalog) })
  const relations = change(older)
  if (relations !== older) known.set(relations, { pending: { older, key } })
  return { ...catalog, relations }
}

function namesOf({ relations }: Catalog): Names {
  const keys = new Set<string>()
  let start = relations
  let found = known.get(start)
  for (; found !== undefined && 'pending' in found; found = known.get(start)) {
    keys.add(found.pending.key)
    start = found.pending.older
  }
  const base = found?.names ?? [...start].reduce((names, [key, after]) => renamed(names, key, { before: undefined, after }), none)
  const names = [...keys].reduce((made, key) => renamed(made, key, { before: start.get(key), after: relations.get(key) }), base)
  known.set(relations, { names })
  return names
}

const none: Names = {
  indexes: PersistentMap.from([]),
  constraints: PersistentMap.from([]),
  pointers: PersistentMap.from([]),
  reads: PersistentMap.from([]),
  parents: PersistentMap.from([]),
}

/** What a relation was and what it is now. */
interface Change {
  readonly before: Relation | undefined
  readonly after: Relation | undefined
}

function renamed(names: Names, key: string, change: Change): Names {
  const { before, after } = change
  return {
    indexes: before?.indexes === after?.indexes ? names.indexes : indexesOf(names.indexes, key, change),
    constraints: before?.constraints === after?.constraints ? names.constraints : constraintsOf(names.constraints, change),
    pointers: linked(names.pointers, key, { before: targetsOf(before), after: targetsOf(after) }),
    parents: linked(names.parents, key, endsOf(change, 'children')),
    reads: linked(names.reads, key, endsOf(change, 'dependentViews')),
  }
}

function endsOf({ before, after }: Change, field: 'children' | 'dependentViews'): Ends {
  return { before: before?.[field] ?? [], after: after?.[field] ?? [] }
}

function indexesOf(indexes: PersistentMap<string>, key: string, { before, after }: Change): PersistentMap<string> {
  const [was, is] = [keysOf(before, 'indexes'), keysOf(after, 'indexes')]
  let changed = indexes
  for (const name of was) if (!is.has(name)) changed = changed.without(name)
  for (const name of is) if (!was.has(name)) changed = changed.with(name, key)
  return changed
}

function constraintsOf(constraints: PersistentMap<number>, { before, after }: Change): PersistentMap<number> {
  const [was, is] = [keysOf(before, 'constraints'), keysOf(after, 'constraints')]
  let changed = constraints
  for (const name of was) if (!is.has(name)) changed = count(changed, name, -1)
  for (const name of is) if (!was.has(name)) changed = count(changed, name, 1)
  return changed
}

/** Their canonical names: both lie in the schema of their table. */
function keysOf(relation: Relation | undefined, field: 'indexes' | 'constraints'): ReadonlySet<string> {
  return new Set(relation?.[field].map(({ name }) => postgresDialect.name(relation.schema, name)))
}

function count(counts: PersistentMap<number>, key: string, by: 1 | -1): PersistentMap<number> {
  const now = (counts.get(key) ?? 0) + by
  return now > 0 ? counts.with(key, now) : counts.without(key)
}

function targetsOf(relation: Relation | undefined): readonly string[] {
  const keys = (relation?.constraints ?? []).flatMap((constraint) => (constraint.kind === 'foreign-key' ? [constraint.references] : []))
  return relation?.ownedBy === undefined ? keys : [...keys, relation.ownedBy.relation]
}

interface Ends {
  readonly before: readonly string[]
  readonly after: readonly string[]
}

/** Adds or takes away one end of the links that the other ends hold. */
function linked(links: Links, end: string, { before, after }: Ends): Links {
  let changed = links
  for (const other of before) if (!after.includes(other)) changed = changed.with(other, linksOf(changed, other).without(end))
  for (const other of after) if (!before.includes(other)) changed = changed.with(other, linksOf(changed, other).with(end, true))
  return changed
}

function linksOf(links: Links, key: string): PersistentMap<true> {
  return links.get(key) ?? PersistentMap.from([])
}
