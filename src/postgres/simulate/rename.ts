import type { Catalog, Constraint, Index, Relation } from '../../model/catalog.ts'
import { PersistentMap } from '../../std/persistent-map.ts'
import { parentsOf, pointersTo, putRelation, readsOf, removeRelation } from '../catalog-names.ts'
import { nameParts } from '../tree.ts'
import { findFunction, findIndex, findType, relationKey } from '../names.ts'
import { textsOf, type AlterObjectSchemaStmt, type RenameStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { isIn } from './drop.ts'
import { byName, each, eachBelow, edit, sorted } from './edit.ts'
import { renamedInPolicies, renamePolicy } from './policies.ts'
import { renameInText } from './rename-in-text.ts'

export function rename(statement: RenameStmt, catalog: Catalog): Catalog {
  return effects[statement.renameType ?? '']?.(statement, catalog) ?? catalog
}

const effects: { readonly [type: string]: (statement: RenameStmt, catalog: Catalog) => Catalog } = {
  OBJECT_TABLE: renameRelation,
  OBJECT_FOREIGN_TABLE: renameRelation,
  OBJECT_VIEW: renameRelation,
  OBJECT_MATVIEW: renameRelation,
  OBJECT_SEQUENCE: renameRelation,
  OBJECT_INDEX: renameRelation,
  OBJECT_COLUMN: renameColumn,
  OBJECT_TABCONSTRAINT: ({ relation, subname = '', newname = '' }, catalog) =>
    renameConstraint(catalog, relationKey(relation ?? {}, catalog), { from: subname, to: newname }),
  OBJECT_TRIGGER: renameTrigger,
  OBJECT_POLICY: ({ relation, subname = '', newname = '' }, catalog) =>
    renamePolicy(catalog, relationKey(relation ?? {}, catalog), { from: subname, to: newname }),
  OBJECT_SCHEMA: renameSchema,
  OBJECT_TYPE: renameType,
  OBJECT_DOMAIN: renameType,
  OBJECT_FUNCTION: renameFunction,
  OBJECT_ROUTINE: renameFunction,
}

// ALTER TABLE ... RENAME TO takes any relation, and an index too.
function renameRelation({ relation = {}, newname = '' }: RenameStmt, catalog: Catalog): Catalog {
  const key = relationKey(relation, catalog)
  const found = catalog.relations.get(key)
  if (found !== undefined) return moveRelation(catalog, key, { schema: found.schema, name: newname })
  const index = findIndex(relation, catalog)
  return index === undefined ? catalog : renameIndex(catalog, index.relation, { from: index.name, to: newname })
}

/** A relation under another name or in another schema, with all that points at it. */
function moveRelation(catalog: Catalog, key: string, place: Pick<Relation, 'schema' | 'name'>): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const to = postgresDialect.name(place.schema, place.name)
  const links = { pointers: pointersTo(catalog, key), parents: parentsOf(catalog, key), reads: readsOf(catalog, key) }
  const indexes = relation.indexes.map((index) => ({ ...index, definition: index.definition.replace(` ${key} USING `, ` ${to} USING `) }))
  const moved = putRelation(removeRelation(catalog, key), { ...relation, ...place, indexes })
  const swap = (keys: readonly string[]) => sorted(keys.map((each) => (each === key ? to : each)))
  const pointed = each(moved, links.pointers, (changed, other) =>
    edit(changed, other === key ? to : other, (old) => repointed(old, key, to)),
  )
  const childless = each(pointed, links.parents, (changed, other) =>
    edit(changed, other, (old) => ({ ...old, children: swap(old.children) })),
  )
  const below = each(childless, relation.children, (changed, child) =>
    edit(changed, child, (old) => (old.partitionOf === key ? { ...old, partitionOf: to } : old)),
  )
  return each(below, links.reads, (changed, other) => edit(changed, other, (old) => ({ ...old, dependentViews: swap(old.dependentViews) })))
}

function repointed(relation: Relation, key: string, to: string): Relation {
  const constraints = relation.constraints.map((constraint): Constraint => {
    if (constraint.kind !== 'foreign-key' || constraint.references !== key) return constraint
    return { ...constraint, references: to, definition: constraint.definition.replace(`REFERENCES ${key}(`, `REFERENCES ${to}(`) }
  })
  const owner = relation.ownedBy?.relation === key ? { ownedBy: { ...relation.ownedBy, relation: to } } : {}
  return { ...relation, constraints, ...owner }
}

interface Change {
  readonly from: string
  readonly to: string
}

function renameIndex(catalog: Catalog, key: string, change: Change): Catalog {
  const index = catalog.relations.get(key)?.indexes.find((each) => each.name === change.from)
  if (index?.constraint !== undefined) return renameConstraint(catalog, key, { ...change, from: index.constraint })
  return withRenamedIndex(catalog, key, change)
}

function withRenamedIndex(catalog: Catalog, key: string, { from, to }: Change): Catalog {
  const change = (index: Index): Index => ({
    ...index,
    name: to,
    definition: index.definition.replace(`INDEX ${postgresDialect.name(from)} ON`, `INDEX ${postgresDialect.name(to)} ON`),
    ...(index.constraint === from && { constraint: to }),
  })
  const renamed = edit(catalog, key, (relation) => ({
    ...relation,
    indexes: byName(relation.indexes.map((index) => (index.name === from ? change(index) : index))),
  }))
  const attached = (index: Index) => (index.parent === from ? { ...index, parent: to } : index)
  return each(renamed, renamed.relations.get(key)?.children ?? [], (changed, child) =>
    edit(changed, child, (relation) => ({ ...relation, indexes: relation.indexes.map(attached) })),
  )
}

/** A constraint with its index. CHECKs and NOT NULLs are renamed in partitions and children too, keys and foreign keys are not. */
function renameConstraint(catalog: Catalog, key: string, change: Change): Catalog {
  const constraint = catalog.relations.get(key)?.constraints.find((each) => each.name === change.from)
  if (constraint === undefined) return catalog
  const effect = (changed: Catalog, each: string) =>
    edit(changed, each, (relation) => ({
      ...relation,
      constraints: byName(
        relation.constraints.map((own) => (own.name === change.from && own.kind === constraint.kind ? { ...own, name: change.to } : own)),
      ),
    }))
  const inherits = constraint.kind === 'check' || constraint.kind === 'not-null'
  const renamed = inherits ? eachBelow(catalog, key, effect) : effect(catalog, key)
  return inherits || constraint.kind === 'foreign-key' ? renamed : withRenamedIndex(renamed, key, change)
}

function renameColumn({ relation = {}, subname = '', newname = '' }: RenameStmt, catalog: Catalog): Catalog {
  const key = relationKey(relation, catalog)
  const change = { from: subname, to: newname }
  return eachBelow(catalog, key, (changed, each) => renameColumnIn(changed, each, change))
}

function renameColumnIn(catalog: Catalog, key: string, change: Change): Catalog {
  const name = (column: string) => (column === change.from ? change.to : column)
  const text = (definition: string) => renameInText(definition, change)
  const own = edit(catalog, key, (relation) => ({
    ...renamedInPolicies(relation, name),
    ...(relation.partitionKey !== undefined && {
      partitionKey: relation.partitionKey.map((column) => (column === undefined ? undefined : name(column))),
    }),
    columns: relation.columns.map((column) => ({
      ...column,
      name: name(column.name),
      ...(column.generated !== undefined && { default: text(column.default ?? '') }),
    })),
    ...(relation.partitionBy !== undefined && {
      partitionBy: { ...relation.partitionBy, columns: relation.partitionBy.columns.map((column) => column && name(column)) },
    }),
    constraints: relation.constraints.map((constraint) => renameInConstraint(constraint, name, text)),
    indexes: relation.indexes.map((index) => ({
      ...index,
      columns: index.columns.map((column) => (column === undefined ? undefined : name(column))),
      mentions: index.mentions.map(name),
      definition: renameBehind(index.definition, ' USING ', text),
    })),
  }))
  return each(own, pointersTo(own, key), (changed, other) =>
    edit(changed, other, (relation) => renameReferenced(relation, key, { change, name, text })),
  )
}

function renameInConstraint(constraint: Constraint, name: (column: string) => string, text: (definition: string) => string): Constraint {
  const columns = constraint.columns.map(name)
  if (constraint.kind === 'check')
    return { ...constraint, columns, expression: text(constraint.expression), definition: text(constraint.definition) }
  if (constraint.kind !== 'foreign-key') return { ...constraint, columns, definition: text(constraint.definition) }
  const at = constraint.definition.indexOf(' REFERENCES ')
  return { ...constraint, columns, definition: text(constraint.definition.slice(0, at)) + constraint.definition.slice(at) }
}

function renameBehind(definition: string, mark: string, text: (definition: string) => string): string {
  const at = definition.indexOf(mark)
  return at < 0 ? definition : definition.slice(0, at) + text(definition.slice(at))
}

function renameReferenced(
  relation: Relation,
  key: string,
  {
    change,
    name,
    text,
  }: { readonly change: Change; readonly name: (column: string) => string; readonly text: (definition: string) => string },
): Relation {
  const constraints = relation.constraints.map((constraint): Constraint => {
    if (constraint.kind !== 'foreign-key' || constraint.references !== key || !constraint.referencedColumns.includes(change.from))
      return constraint
    const referencedColumns = constraint.referencedColumns.map(name)
    const list = constraint.definition.indexOf('(', constraint.definition.indexOf(' REFERENCES '))
    return { ...constraint, referencedColumns, definition: constraint.definition.slice(0, list) + text(constraint.definition.slice(list)) }
  })
  const owner = relation.ownedBy?.relation === key ? { ownedBy: { ...relation.ownedBy, column: name(relation.ownedBy.column) } } : {}
  return { ...relation, constraints, ...owner }
}

// From 15 on the clones in partitions are renamed with it.
function renameTrigger({ relation = {}, subname = '', newname = '' }: RenameStmt, catalog: Catalog): Catalog {
  const key = relationKey(relation, catalog)
  const effect = (changed: Catalog, each: string) =>
    edit(changed, each, (old) => ({ ...old, triggers: sorted(old.triggers.map((trigger) => (trigger === subname ? newname : trigger))) }))
  return catalog.server.version >= 15 ? eachBelow(catalog, key, effect) : effect(catalog, key)
}

function renameSchema({ subname = '', newname = '' }: RenameStmt, catalog: Catalog): Catalog {
  const inside = [...catalog.relations].filter(([, relation]) => relation.schema === subname)
  const moved = each(catalog, inside, (changed, [key, relation]) => moveRelation(changed, key, { schema: newname, name: relation.name }))
  const typeKeys = [...moved.types.keys()].filter((key) => isIn(subname, key))
  const inSchema = (key: string) => postgresDialect.name(newname) + key.slice(postgresDialect.name(subname).length)
  const typed = each(moved, typeKeys, (changed, key) => moveType(changed, key, inSchema(key)))
  const functions = PersistentMap.from(
    [...typed.functions].map(([key, overloads]) => [isIn(subname, key) ? inSchema(key) : key, overloads] as const),
  )
  return { ...typed, functions, searchPath: typed.searchPath.filter((schema) => schema !== subname) }
}

function renameType({ object, newname = '' }: RenameStmt, catalog: Catalog): Catalog {
  const key = findType(nameParts(object), catalog)?.key
  return key === undefined ? catalog : moveType(catalog, key, key.slice(0, lastDot(key) + 1) + postgresDialect.name(newname))
}

/** Where the last part of a canonical name begins: a dot inside quotes does not count. */
function lastDot(key: string): number {
  return key.length - (/(?:"(?:[^"]|"")*"|[^".]+)$/.exec(key)?.[0].length ?? 0) - 1
}

function moveType(catalog: Catalog, from: string, to: string): Catalog {
  const type = catalog.types.get(from)
  if (type === undefined) return catalog
  const suffix = (text: string) => text.slice(from.length)
  const isOfType = (text: string) => text.startsWith(from) && /^(\([^()]*\))?(\[\])*$/.test(suffix(text))
  const users = [...catalog.relations]
    .filter(([, relation]) => relation.columns.some((column) => isOfType(column.type)))
    .map(([key]) => key)
  const used = each(catalog, users, (changed, key) =>
    edit(changed, key, (relation) => ({
      ...relation,
      columns: relation.columns.map((column) => (isOfType(column.type) ? { ...column, type: to + suffix(column.type) } : column)),
    })),
  )
  const domains = [...used.types].map(
    ([key, each]) => [key, each.kind === 'domain' && isOfType(each.base) ? { ...each, base: to + suffix(each.base) } : each] as const,
  )
  return { ...used, types: PersistentMap.from(domains).without(from).with(to, type) }
}

function renameFunction({ object, newname = '' }: RenameStmt, catalog: Catalog): Catalog {
  const names = object !== undefined && 'ObjectWithArgs' in object ? textsOf(object.ObjectWithArgs.objname) : nameParts(object)
  const found = findFunction(names, catalog)
  if (found === undefined || isIn('pg_catalog', found.key)) return catalog
  return moveFunction(catalog, found.key, found.key.slice(0, lastDot(found.key) + 1) + postgresDialect.name(newname))
}

function moveFunction(catalog: Catalog, from: string, to: string): Catalog {
  const functions = PersistentMap.from(catalog.functions)
  const overloads = [...(functions.get(to) ?? []), ...(functions.get(from) ?? [])]
  return { ...catalog, functions: functions.without(from).with(to, overloads) }
}

/** ALTER ... SET SCHEMA; a table takes its indexes and its own sequences along. */
export function setSchema(statement: AlterObjectSchemaStmt, catalog: Catalog): Catalog {
  const { relation, object, newschema = '' } = statement
  if (relation !== undefined) return setSchemaOf(catalog, relationKey(relation, catalog), newschema)
  const inSchema = (key: string) => postgresDialect.name(newschema) + key.slice(lastDot(key))
  const type = findType(nameParts(object), catalog)?.key
  if (type !== undefined && catalog.types.has(type)) return moveType(catalog, type, inSchema(type))
  const names = object !== undefined && 'ObjectWithArgs' in object ? textsOf(object.ObjectWithArgs.objname) : []
  const found = findFunction(names, catalog)
  return found === undefined ? catalog : moveFunction(catalog, found.key, inSchema(found.key))
}

function setSchemaOf(catalog: Catalog, key: string, schema: string): Catalog {
  const relation = catalog.relations.get(key)
  if (relation === undefined) return catalog
  const sequences = pointersTo(catalog, key).filter((pointer) => catalog.relations.get(pointer)?.ownedBy?.relation === key)
  return each(catalog, [...sequences, key], (changed, each) =>
    moveRelation(changed, each, { schema, name: changed.relations.get(each)?.name ?? '' }),
  )
}
