import type { Catalog } from '../../model/catalog.ts'
import { creationKey, relationKey } from '../names.ts'
import type { CreateTableAsStmt, RefreshMatViewStmt, ViewStmt } from '../node.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { reads } from './queries.ts'
import { tablesUnder, withDescendants, withHeap } from './relations.ts'
import { refreshLock } from '../lock-modes.ts'
import { relationsIn } from '../tree.ts'

/** CREATE VIEW looks at what it reads; OR REPLACE also locks the view that is there. */
export function createView(statement: ViewStmt, catalog: Catalog): Effect {
  const key = creationKey(statement.view ?? {}, catalog)
  const replaced =
    statement.replace === true && catalog.relations.has(key) ? locksOn('ACCESS EXCLUSIVE', [key]) : { creates: [`view ${key}`] }
  return merge(replaced, locksOn('ACCESS SHARE', relationsIn(statement.query, catalog)))
}

/** CREATE TABLE AS and CREATE MATERIALIZED VIEW run their query, unless WITH NO DATA is written. */
export function createTableAs(statement: CreateTableAsStmt, catalog: Catalog): Effect {
  const key = creationKey(statement.into?.rel ?? {}, catalog)
  if (statement.if_not_exists === true && catalog.relations.has(key)) return nothing
  const creates = [`${statement.objtype === 'OBJECT_MATVIEW' ? 'view' : 'table'} ${key}`]
  if (statement.into?.skipData === true) return merge({ creates }, locksOn('ACCESS SHARE', relationsIn(statement.query, catalog)))
  return merge({ creates }, reads(bare(statement.query), 'ACCESS SHARE', catalog))
}

// The query's own WHERE is what tells a scan from a look-up.
function bare(query: CreateTableAsStmt['query']): unknown {
  return query !== undefined && 'SelectStmt' in query ? query.SelectStmt : query
}

/** REFRESH runs the view's query: readers of the view wait, unless CONCURRENTLY is written. */
export function refresh({ relation, concurrent, skipData }: RefreshMatViewStmt, catalog: Catalog): Effect {
  const key = relationKey(relation ?? {}, catalog)
  const sources = tablesUnder(key, catalog).flatMap((table) => withDescendants(table, catalog))
  const read = skipData === true ? [] : withHeap(sources, catalog)
  if (concurrent === true) return merge({ locks: [refreshLock(key)] }, locksOn('ACCESS SHARE', sources), { scans: [key, ...read] })
  const indexed = catalog.relations.get(key)?.indexes.length ?? 1
  return merge(locksOn('ACCESS EXCLUSIVE', [key]), locksOn('ACCESS SHARE', skipData === true ? [] : sources), {
    rewrites: [key],
    builds: indexed > 0 ? [key] : [],
    scans: read,
  })
}
