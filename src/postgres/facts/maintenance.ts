import type { Catalog } from '../../model/catalog.ts'
import { lockModes } from '../../model/facts.ts'
import { relationKey } from '../names.ts'
import type { ClusterStmt, LockStmt, PgNode, RangeVar, TruncateStmt, VacuumStmt } from '../node.ts'
import { rewrite } from './add-column.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import {
  foreignKeysTo,
  isPartitioned,
  isUnknown,
  ownedSequences,
  tablesUnder,
  withDescendants,
  withHeap,
  withPartitions,
} from './relations.ts'
import { optionOf } from '../tree.ts'

/** TRUNCATE: the tables, their partitions, and with CASCADE all that refers to them, however far. */
export function truncate(statement: TruncateStmt, catalog: Catalog): Effect {
  const named = rangesOf(statement.relations).flatMap((range) => trees(range, catalog))
  const cascade = statement.behavior === 'DROP_CASCADE'
  const all = cascade ? closure(named, catalog) : named
  const sequences = statement.restart_seqs === true ? all.flatMap((key) => ownedSequences(key, catalog)) : []
  const doubt: Effect =
    cascade && all.some((key) => isUnknown(key, catalog)) ? { conditions: ['tables that refer to it are emptied as well'] } : nothing
  return merge(locksOn('ACCESS EXCLUSIVE', [...all, ...sequences]), { destroys: withHeap(all, catalog).map((key) => `rows ${key}`) }, doubt)
}

function closure(tables: readonly string[], catalog: Catalog): readonly string[] {
  const found = new Set(tables)
  for (const key of found)
    for (const { from } of foreignKeysTo(key, catalog)) for (const each of withDescendants(from, catalog)) found.add(each)
  return [...found]
}

function trees(range: RangeVar, catalog: Catalog): readonly string[] {
  const key = relationKey(range, catalog)
  return range.inh === true ? withDescendants(key, catalog) : [key]
}

function rangesOf(nodes: readonly PgNode[] | undefined): readonly RangeVar[] {
  return (nodes ?? []).flatMap((node) => ('RangeVar' in node ? [node.RangeVar] : []))
}

/** LOCK TABLE: partitions and children too, and what a view reads. */
export function lockTable(statement: LockStmt, catalog: Catalog): Effect {
  const mode = lockModes[(statement.mode ?? 8) - 1] ?? 'ACCESS EXCLUSIVE'
  const tables = rangesOf(statement.relations).flatMap((range) => [
    ...trees(range, catalog),
    ...tablesUnder(relationKey(range, catalog), catalog),
  ])
  return locksOn(mode, tables)
}

/** VACUUM and ANALYZE; VACUUM FULL writes the table anew. Without a table they go through all of them. */
export function vacuum(statement: VacuumStmt, catalog: Catalog): Effect {
  const named = (statement.rels ?? []).flatMap((node) => ('VacuumRelation' in node ? [node.VacuumRelation.relation ?? {}] : []))
  const tables =
    named.length > 0 ? named.flatMap((range) => withPartitions(relationKey(range, catalog), catalog)) : [...catalog.relations.keys()]
  const heap = withHeap(tables, catalog)
  const alone: Effect = { alone: statement.is_vacuumcmd === true }
  const full = optionOf(statement.options, 'full')
  if (full !== undefined && full !== false) return merge(alone, locksOn('ACCESS EXCLUSIVE', heap), rewrite(heap, catalog))
  return merge(alone, locksOn('SHARE UPDATE EXCLUSIVE', named.length > 0 ? tables : heap))
}

/** CLUSTER writes the table anew in the order of an index. */
export function cluster({ relation }: ClusterStmt, catalog: Catalog): Effect {
  if (relation === undefined) return { alone: true, conditions: ['all tables that were clustered before are written anew'] }
  const key = relationKey(relation, catalog)
  const heap = withHeap(withPartitions(key, catalog), catalog)
  return merge({ alone: isPartitioned(key, catalog) }, locksOn('ACCESS EXCLUSIVE', [key, ...heap]), rewrite(heap, catalog))
}
