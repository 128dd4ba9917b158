import type { Catalog, RelationKind } from '../../model/catalog.ts'
import { findIndex, findType, relationKey } from '../names.ts'
import type { DropStmt, ObjectType, PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { defaultPartitions } from './partitions.ts'
import {
  foreignKeysOf,
  foreignKeysTo,
  isUnknown,
  ownedSequences,
  tablesWithType,
  viewsOver,
  withDescendants,
  withPartitions,
} from './relations.ts'
import { nameParts } from '../tree.ts'

/** DROP of any kind of object: what goes, and whose tables are locked for it. */
export function drop(statement: DropStmt, catalog: Catalog): Effect {
  return merge(...(statement.objects ?? []).map((object) => dropOne(object, statement, catalog)))
}

function dropOne(object: PgNode, { removeType, behavior, concurrent }: DropStmt, catalog: Catalog): Effect {
  const parts = nameParts(object)
  const cascade = behavior === 'DROP_CASCADE'
  if (removeType === undefined) return nothing
  if (removeType === 'OBJECT_INDEX') return dropIndex(parts, concurrent === true, catalog)
  if (relationKinds.has(removeType)) return dropRelation(parts, cascade, catalog)
  if (partKinds.has(removeType)) return dropPart(removeType, parts, catalog)
  if (removeType === 'OBJECT_TYPE' || removeType === 'OBJECT_DOMAIN') return dropType(parts, cascade, catalog)
  if (removeType === 'OBJECT_SCHEMA') return cascade ? dropSchema(parts[0] ?? '', catalog) : nothing
  if (removeType === 'OBJECT_STATISTIC_EXT')
    return { conditions: ['the table of the statistics is locked as well (SHARE UPDATE EXCLUSIVE)'] }
  return cascade ? { conditions: ['tables whose columns, triggers or indexes stand on it are locked as well (ACCESS EXCLUSIVE)'] } : nothing
}

/** What stands on a table and is named with it. */
const partKinds: ReadonlySet<ObjectType> = new Set(['OBJECT_TRIGGER', 'OBJECT_POLICY', 'OBJECT_RULE'])

// A trigger of a partitioned table has a copy on each partition.
function dropPart(kind: ObjectType, parts: readonly string[], catalog: Catalog): Effect {
  const table = relationKey(parts.slice(0, -1), catalog)
  // There is no such table, then: IF EXISTS passes over it.
  if (catalog.knowledge === 'whole' && !catalog.relations.has(table)) return nothing
  return locksOn('ACCESS EXCLUSIVE', kind === 'OBJECT_TRIGGER' ? withPartitions(table, catalog) : [table])
}

const relationKinds: ReadonlySet<ObjectType> = new Set([
  'OBJECT_TABLE',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
])

function dropRelation(parts: readonly string[], cascade: boolean, catalog: Catalog): Effect {
  const key = relationKey(parts, catalog)
  if (!catalog.relations.has(key) && catalog.knowledge === 'whole') return nothing
  const doubt: Effect = isUnknown(key, catalog)
    ? { conditions: ['tables that its foreign keys refer to are locked as well (ACCESS EXCLUSIVE)'] }
    : nothing
  return merge(doubt, ...withDescendants(key, catalog).map((each) => goes(each, cascade, catalog)))
}

const kinds: { readonly [kind in RelationKind]: string } = {
  'table': 'table',
  'partitioned': 'table',
  'foreign-table': 'table',
  'view': 'view',
  'materialized-view': 'view',
  'sequence': 'sequence',
}

/** One relation goes: its partner in each foreign key is locked, the parent of a partition, its sequences, and with CASCADE the views over it. */
function goes(key: string, cascade: boolean, catalog: Catalog): Effect {
  const relation = catalog.relations.get(key)
  const partners = [
    ...foreignKeysOf(relation).map((foreignKey) => foreignKey.references),
    ...foreignKeysTo(key, catalog).map(({ from }) => from),
  ].flatMap((table) => withDescendants(table, catalog))
  const views = cascade ? viewsOver(key, catalog) : []
  // A default partition's bound changes with each partition that goes.
  const parent = relation?.partitionOf === undefined ? [] : [relation.partitionOf, ...defaultPartitions(relation.partitionOf, catalog)]
  return merge(locksOn('ACCESS EXCLUSIVE', [key, ...partners, ...views, ...parent, ...ownedSequences(key, catalog)]), {
    destroys: [key, ...views].map((each) => `${kinds[catalog.relations.get(each)?.kind ?? 'table']} ${each}`),
  })
}

function dropIndex(parts: readonly string[], concurrently: boolean, catalog: Catalog): Effect {
  const index = findIndex(parts, catalog)
  const destroys =
    index === undefined ? [] : [`index ${postgresDialect.name(catalog.relations.get(index.relation)?.schema ?? '', index.name)}`]
  const waiting: Effect = concurrently ? { alone: true, waitsFor: ['older-snapshots'] } : nothing
  if (index === undefined)
    return merge(waiting, catalog.knowledge === 'partial' ? { conditions: ['the table of the index is locked'] } : nothing)
  const tables = withPartitions(index.relation, catalog)
  return merge(locksOn(concurrently ? 'SHARE UPDATE EXCLUSIVE' : 'ACCESS EXCLUSIVE', tables), waiting, { destroys })
}

function dropType(parts: readonly string[], cascade: boolean, catalog: Catalog): Effect {
  const key = findType(parts, catalog)?.key
  if (key === undefined || !cascade) return key === undefined ? nothing : { destroys: [`type ${key}`] }
  const columns = tablesWithType(key, catalog).flatMap((table) =>
    (catalog.relations.get(table)?.columns ?? [])
      .filter((column) => column.type.startsWith(key))
      .map((column) => `column ${table}.${postgresDialect.name(column.name)}`),
  )
  return merge(locksOn('ACCESS EXCLUSIVE', tablesWithType(key, catalog)), { destroys: [`type ${key}`, ...columns] })
}

function dropSchema(schema: string, catalog: Catalog): Effect {
  const inside = [...catalog.relations].filter(([, relation]) => relation.schema === schema).map(([key]) => key)
  return merge({ destroys: [`schema ${postgresDialect.name(schema)}`] }, ...inside.map((key) => goes(key, true, catalog)))
}
