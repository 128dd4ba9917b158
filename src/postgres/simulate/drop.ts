import type { Catalog, Relation } from '../../model/catalog.ts'
import { PersistentMap } from '../../std/persistent-map.ts'
import { pointersTo } from '../catalog-names.ts'
import { nameParts } from '../tree.ts'
import { findFunction, findIndex, findType, relationKey } from '../names.ts'
import { textsOf, type DropStmt, type PgNode, type TruncateStmt } from '../node.ts'
import { dropColumn, dropIndex, dropRelation } from './drop-parts.ts'
import { each, eachBelow, edit } from './edit.ts'
import { dropPolicy } from './policies.ts'

export function drop(statement: DropStmt, catalog: Catalog): Catalog {
  const effect = effects[statement.removeType ?? '']
  return effect === undefined ? catalog : each(catalog, statement.objects ?? [], effect)
}

const dropNamedRelation = (catalog: Catalog, object: PgNode) => dropRelation(catalog, relationKey(nameParts(object), catalog))

const effects: { readonly [type: string]: (catalog: Catalog, object: PgNode) => Catalog } = {
  OBJECT_TABLE: dropNamedRelation,
  OBJECT_FOREIGN_TABLE: dropNamedRelation,
  OBJECT_VIEW: dropNamedRelation,
  OBJECT_MATVIEW: dropNamedRelation,
  OBJECT_SEQUENCE: dropNamedRelation,
  OBJECT_INDEX: dropNamedIndex,
  OBJECT_TYPE: dropType,
  OBJECT_DOMAIN: dropType,
  OBJECT_SCHEMA: dropSchema,
  OBJECT_FUNCTION: dropFunction,
  OBJECT_AGGREGATE: dropFunction,
  OBJECT_ROUTINE: dropFunction,
  OBJECT_TRIGGER: dropTrigger,
  OBJECT_POLICY: dropNamedPolicy,
  OBJECT_PUBLICATION: dropPublication,
}

function dropNamedIndex(catalog: Catalog, object: PgNode): Catalog {
  const found = findIndex(nameParts(object), catalog)
  return found === undefined ? catalog : dropIndex(catalog, found.relation, found.name)
}

function dropType(catalog: Catalog, object: PgNode): Catalog {
  const key = findType(nameParts(object), catalog)?.key
  return key === undefined ? catalog : withoutType(catalog, key)
}

// Columns of the type, and domains over it, can only go with it (CASCADE).
function withoutType(catalog: Catalog, key: string): Catalog {
  const isOfType = (type: string) => type.replace(/(\(.*\))?(\[\])*$/, '') === key
  const users = [...catalog.relations].flatMap(([relation, { columns }]) =>
    columns.filter(({ type }) => isOfType(type)).map(({ name: column }) => ({ relation, column })),
  )
  const domains = [...catalog.types].filter(([, type]) => type.kind === 'domain' && isOfType(type.base)).map(([domain]) => domain)
  const free = each(catalog, users, (changed, place) => dropColumn(changed, place, true))
  const bare = each(free, domains, withoutType)
  return { ...bare, types: PersistentMap.from(bare.types).without(key) }
}

function dropSchema(catalog: Catalog, object: PgNode): Catalog {
  const schema = textsOf([object])[0] ?? ''
  const inside = [...catalog.relations].filter(([, relation]) => relation.schema === schema).map(([key]) => key)
  const empty = each(catalog, inside, (changed, key) => dropRelation(changed, key))
  const outside = <Value>(map: ReadonlyMap<string, Value>) => PersistentMap.from([...map].filter(([key]) => !isIn(schema, key)))
  return {
    ...empty,
    types: outside(empty.types),
    functions: outside(empty.functions),
    searchPath: empty.searchPath.filter((each) => each !== schema),
  }
}

/** Whether a canonical name is of this schema. */
export function isIn(schema: string, key: string): boolean {
  const [first = ''] = key.startsWith('"') ? (/^"(?:[^"]|"")*"/.exec(key) ?? []) : [key.split('.')[0]]
  return (first.startsWith('"') ? first.slice(1, -1).replaceAll('""', '"') : first) === schema
}

// Overloads are not told apart: where there are several, the name stays.
function dropFunction(catalog: Catalog, object: PgNode): Catalog {
  const names = 'ObjectWithArgs' in object ? textsOf(object.ObjectWithArgs.objname) : nameParts(object)
  const found = findFunction(names, catalog)
  if (found === undefined || found.overloads.length > 1 || isIn('pg_catalog', found.key)) return catalog
  return { ...catalog, functions: PersistentMap.from(catalog.functions).without(found.key) }
}

function dropTrigger(catalog: Catalog, object: PgNode): Catalog {
  const parts = nameParts(object)
  return withoutTrigger(catalog, relationKey(parts.slice(0, -1), catalog), parts.at(-1) ?? '')
}

function withoutTrigger(catalog: Catalog, key: string, name: string): Catalog {
  return eachBelow(catalog, key, (changed, each) =>
    edit(changed, each, (relation) => ({ ...relation, triggers: relation.triggers.filter((trigger) => trigger !== name) })),
  )
}

function dropNamedPolicy(catalog: Catalog, object: PgNode): Catalog {
  const parts = nameParts(object)
  return dropPolicy(catalog, relationKey(parts.slice(0, -1), catalog), parts.at(-1) ?? '')
}

function dropPublication(catalog: Catalog, object: PgNode): Catalog {
  const name = textsOf([object])[0] ?? ''
  const carried = [...catalog.relations].filter(([, relation]) => relation.publications.includes(name)).map(([key]) => key)
  const free = each(catalog, carried, (changed, key) =>
    edit(changed, key, (relation) => ({ ...relation, publications: relation.publications.filter((each) => each !== name) })),
  )
  return { ...free, publications: (free.publications ?? []).filter((each) => each.name !== name) }
}

/** TRUNCATE leaves the tables, and with CASCADE all that refer to them, empty. */
export function truncate(statement: TruncateStmt, catalog: Catalog): Catalog {
  const named = (statement.relations ?? []).flatMap((node) => ('RangeVar' in node ? [relationKey(node.RangeVar, catalog)] : []))
  const all = statement.behavior === 'DROP_CASCADE' ? referringTables(catalog, named) : named
  return each(catalog, all, (changed, key) => eachBelow(changed, key, (inner, below) => edit(inner, below, emptied)))
}

function emptied(relation: Relation): Relation {
  return relation.rows === undefined && relation.bytes === undefined ? relation : { ...relation, rows: 0, bytes: 0, pages: 0 }
}

function referringTables(catalog: Catalog, keys: readonly string[]): readonly string[] {
  const found = new Set(keys)
  for (const key of found) for (const pointer of pointersTo(catalog, key)) found.add(pointer)
  return [...found]
}
