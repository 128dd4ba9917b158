import type { Catalog } from '../../model/catalog.ts'
import { findIndex, relationKey } from '../names.ts'
import type { IndexStmt, ReindexStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { isPartitioned, isUnknown, withHeap, withPartitions } from './relations.ts'
import { optionOf } from '../tree.ts'

/** CREATE INDEX: blocks writes to the table and all its partitions while it reads them; CONCURRENTLY blocks nobody and waits instead. */
export function createIndex(statement: IndexStmt, catalog: Catalog): Effect {
  const key = relationKey(statement.relation ?? {}, catalog)
  const own = statement.concurrent === true ? concurrently : nothing
  const mode = statement.concurrent === true ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE'
  const tables = statement.relation?.inh === true ? withPartitions(key, catalog) : [key]
  // The server locks all of them before it looks whether the index is there.
  if (skips(statement, key, catalog)) return merge(locksOn(mode, tables), own)
  return merge(
    locksOn(mode, tables),
    own,
    { builds: withHeap(tables, catalog), creates: namesOf(statement, key, catalog) },
    doubtOf(statement, key, catalog),
  )
}

function namesOf({ idxname, relation }: IndexStmt, key: string, catalog: Catalog): readonly string[] {
  if (idxname === undefined) return []
  const schema = catalog.relations.get(key)?.schema ?? relation?.schemaname
  return [`index ${schema === undefined ? postgresDialect.name(idxname) : postgresDialect.name(schema, idxname)}`]
}

function doubtOf({ if_not_exists }: IndexStmt, key: string, catalog: Catalog): Effect {
  return if_not_exists === true && isUnknown(key, catalog)
    ? { conditions: ['nothing but the lock if an index of this name exists'] }
    : nothing
}

const concurrently: Effect = { alone: true, waitsFor: ['older-snapshots', 'writers-of-table'] }

function skips({ if_not_exists, idxname }: IndexStmt, key: string, catalog: Catalog): boolean {
  const schema = catalog.relations.get(key)?.schema
  return if_not_exists === true && schema !== undefined && idxname !== undefined && findIndex([schema, idxname], catalog) !== undefined
}

/** REINDEX of an index, a table, a schema or the database. */
export function reindex(statement: ReindexStmt, catalog: Catalog): Effect {
  const concurrent = optionOf(statement.params, 'concurrently') !== undefined && optionOf(statement.params, 'concurrently') !== false
  const mode = concurrent ? 'SHARE UPDATE EXCLUSIVE' : 'SHARE'
  const tables = reindexed(statement, catalog)
  const heap = withHeap(tables, catalog).filter((key) => (catalog.relations.get(key)?.indexes.length ?? 1) > 0)
  const alone: Effect = {
    alone:
      concurrent ||
      tables.length > 1 ||
      tables.some((key) => isPartitioned(key, catalog)) ||
      !['REINDEX_OBJECT_INDEX', 'REINDEX_OBJECT_TABLE'].includes(statement.kind ?? ''),
  }
  return merge(locksOn(mode, tables), { builds: heap }, alone, concurrent ? { waitsFor: ['older-snapshots', 'writers-of-table'] } : nothing)
}

function reindexed({ kind, relation, name }: ReindexStmt, catalog: Catalog): readonly string[] {
  if (kind === 'REINDEX_OBJECT_INDEX') {
    const table = findIndex(relation ?? {}, catalog)?.relation
    return table === undefined ? [] : withPartitions(table, catalog)
  }
  if (kind === 'REINDEX_OBJECT_TABLE') return withPartitions(relationKey(relation ?? {}, catalog), catalog)
  return kind === 'REINDEX_OBJECT_SYSTEM' ? [] : tablesOf(catalog, kind === 'REINDEX_OBJECT_SCHEMA' ? name : undefined)
}

function tablesOf(catalog: Catalog, schema: string | undefined): readonly string[] {
  return [...catalog.relations]
    .filter(
      ([, relation]) =>
        (relation.kind === 'table' || relation.kind === 'materialized-view') && (schema === undefined || relation.schema === schema),
    )
    .map(([key]) => key)
}
