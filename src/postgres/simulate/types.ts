import type { Catalog, NamedType } from '../../model/catalog.ts'
import { PersistentMap } from '../../std/persistent-map.ts'
import { creationKey, findType, qualifiedName } from '../names.ts'
import {
  textsOf,
  type AlterDomainStmt,
  type AlterEnumStmt,
  type CompositeTypeStmt,
  type CreateDomainStmt,
  type CreateEnumStmt,
  type CreateRangeStmt,
  type DefineStmt,
  type PgNode,
} from '../node.ts'
import { typeText } from '../type-text.ts'
import { constraintsOf } from './columns.ts'

export function createEnum(statement: CreateEnumStmt, catalog: Catalog): Catalog {
  return define(catalog, statement.typeName, { kind: 'enum', labels: textsOf(statement.vals) })
}

export function createRange(statement: CreateRangeStmt, catalog: Catalog): Catalog {
  const made = define(catalog, statement.typeName, { kind: 'other' })
  const { schema, name } = qualifiedName(statement.typeName ?? [])
  const constructors = catalog.server.version >= 14 ? [name, multirangeName(name)] : [name]
  const keys = constructors.map((each) => creationKey(schema === undefined ? [each] : [schema, each], catalog))
  const functions = keys.reduce(
    (map, key) => map.with(key, [{ volatility: 'immutable', language: 'internal' }]),
    PersistentMap.from(catalog.functions),
  )
  return { ...made, functions }
}

// makeMultirangeTypeName
function multirangeName(name: string): string {
  return name.includes('range') ? name.replace('range', 'multirange') : `${name}_multirange`
}

export function createComposite({ typevar = {} }: CompositeTypeStmt, catalog: Catalog): Catalog {
  return { ...catalog, types: PersistentMap.from(catalog.types).with(creationKey(typevar, catalog), { kind: 'other' }) }
}

/** CREATE TYPE of a base type; DefineStmt stands for aggregates, operators and collations too. */
export function defineObject(statement: DefineStmt, catalog: Catalog): Catalog {
  return statement.kind === 'OBJECT_TYPE' ? define(catalog, statement.defnames, { kind: 'other' }) : catalog
}

function define(catalog: Catalog, names: readonly PgNode[] | undefined, type: NamedType): Catalog {
  return { ...catalog, types: PersistentMap.from(catalog.types).with(creationKey(names ?? [], catalog), type) }
}

export function createDomain(statement: CreateDomainStmt, catalog: Catalog): Catalog {
  const base = statement.typeName === undefined ? 'unknown' : typeText(statement.typeName, catalog)
  const below = catalog.types.get(base)
  const own = constraintsOf(statement.constraints).some(({ contype }) => contype === 'CONSTR_CHECK' || contype === 'CONSTR_NOTNULL')
  return define(catalog, statement.domainname, {
    kind: 'domain',
    base,
    constrained: own || (below?.kind === 'domain' && below.constrained),
  })
}

// What is dropped may not have been the last constraint: the domain then stays constrained, which is the worse case.
export function alterDomain(statement: AlterDomainStmt, catalog: Catalog): Catalog {
  const found = findType(statement.typeName ?? [], catalog)
  if (found?.type.kind !== 'domain' || (statement.subtype !== 'C' && statement.subtype !== 'O')) return catalog
  return { ...catalog, types: PersistentMap.from(catalog.types).with(found.key, { ...found.type, constrained: true }) }
}

/** ADD VALUE and RENAME VALUE. */
export function alterEnum(statement: AlterEnumStmt, catalog: Catalog): Catalog {
  const found = findType(statement.typeName ?? [], catalog)
  if (found?.type.kind !== 'enum') return catalog
  const labels =
    statement.oldVal === undefined
      ? withLabel(found.type.labels, statement)
      : found.type.labels.map((label) => (label === statement.oldVal ? (statement.newVal ?? label) : label))
  return { ...catalog, types: PersistentMap.from(catalog.types).with(found.key, { kind: 'enum', labels }) }
}

function withLabel(labels: readonly string[], { newVal = '', newValNeighbor, newValIsAfter }: AlterEnumStmt): readonly string[] {
  if (labels.includes(newVal)) return labels
  const neighbor = newValNeighbor === undefined ? labels.length : labels.indexOf(newValNeighbor)
  return labels.toSpliced(newValNeighbor !== undefined && newValIsAfter === true ? neighbor + 1 : neighbor, 0, newVal)
}
