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
  readonly older: ReadonlyMap<string, Relation>
  readonly key: string
  /** How many such steps lie between it and names that were made. */
  readonly depth: number
}

/** No lookup goes back through more than so many. */
const deepest = 64

/** Keyed by the relations, so that a catalog copied with another search path or time zone still finds them. */
const known = new WeakMap<ReadonlyMap<string, Relation>, { readonly names: Names } | { readonly pending: Pending }>()

/** Canonical name of the table that has an index of this name. */
export function tableOfIndex(catalog: Catalog, schema: string, name: string): string | undefined {
  return indexTable(catalog, postgresDialect.name(schema, name))
}

/** Whether a relation or an index has this name: they share one space. */
export function isRelationName(catalog: Catalog, schema: string, name: string): boolean {
  const key = postgresDialect.name(schema, name)
  return catalog.relations.has(key) || indexTable(catalog, key) !== undefined
}

export function isConstraintName(catalog: Catalog, schema: string, name: string): boolean {
  const { made, keys, start } = latestNames(catalog)
  const full = postgresDialect.name(schema, name)
  const has = (relation: Relation | undefined) =>
    relation?.constraints.some((own) => own.name === name) === true && relation.schema === schema
  let count = made.constraints.get(full) ?? 0
  for (const key of keys) count += Number(has(catalog.relations.get(key))) - Number(has(start.get(key)))
  return count > 0
}

function indexTable(catalog: Catalog, full: string): string | undefined {
  const { made, keys } = latestNames(catalog)
  const has = (relation: Relation | undefined) =>
    relation?.indexes.some((index) => postgresDialect.name(relation.schema, index.name) === full) === true
  for (const key of keys) if (has(catalog.relations.get(key))) return key
  const table = made.indexes.get(full)
  return table === undefined || keys.has(table) ? undefined : table
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
  if (relations !== older) known.set(relations, { pending: pendingOn(older, key) })
  return { ...catalog, relations }
}

/** The same relation changed again stands on what it stood on before. */
function pendingOn(older: PersistentMap<Relation>, key: string): Pending {
  const found = known.get(older)
  if (found === undefined || 'names' in found) return { older, key, depth: 1 }
  if (found.pending.key === key) return found.pending
  if (found.pending.depth < deepest) return { older, key, depth: found.pending.depth + 1 }
  namesOf({ relations: older })
  return { older, key, depth: 1 }
}

function namesOf(catalog: Pick<Catalog, 'relations'>): Names {
  const { made, keys, start } = pendingNames(catalog)
  if (keys.size === 0) return made
  const names = [...keys].reduce(
    (changed, key) => renamed(changed, key, { before: start.get(key), after: catalog.relations.get(key) }),
    made,
  )
  known.set(catalog.relations, { names })
  return names
}

/** The names of an older version, and what has changed since then. */
interface Latest {
  readonly made: Names
  readonly start: ReadonlyMap<string, Relation>
  readonly keys: ReadonlySet<string>
}

/** A single name is looked for in so many changed relations before the names are brought up to date. */
const mostPending = 4

function latestNames(catalog: Catalog): Latest {
  const latest = pendingNames(catalog)
  return latest.keys.size <= mostPending ? latest : { made: namesOf(catalog), start: catalog.relations, keys: new Set() }
}

function pendingNames({ relations }: Pick<Catalog, 'relations'>): Latest {
  const keys = new Set<string>()
  let start = relations
  let found = known.get(start)
  for (; found !== undefined && 'pending' in found; found = known.get(start)) {
    keys.add(found.pending.key)
    start = found.pending.older
  }
  if (found !== undefined) return { made: found.names, start, keys }
  const made = [...start].reduce((names, [key, after]) => renamed(names, key, { before: undefined, after }), none)
  known.set(start, { names: made })
  return { made, start, keys }
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
