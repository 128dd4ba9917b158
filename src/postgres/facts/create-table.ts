import type { Catalog } from '../../model/catalog.ts'
import { creationKey, relationKey } from '../names.ts'
import type { Constraint, CreateStmt, PartitionBoundSpec, RangeVar, TableLikeClause } from '../node.ts'
import { constraintsOf } from './add-column.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { defaultDoubt, defaultPartitions, defaultsRead } from './partitions.ts'
import { foreignKeysOf, withDescendants, withHeap } from './relations.ts'

/** CREATE TABLE: nobody waits for the new table, but for those that it refers to, copies, inherits from or is a partition of. */
export function createTable(statement: CreateStmt, catalog: Catalog): Effect {
  const key = creationKey(statement.relation ?? {}, catalog)
  if (statement.if_not_exists === true && catalog.relations.has(key)) return nothing
  const parts = (statement.tableElts ?? []).map((node) => {
    if ('TableLikeClause' in node) return likeLock(node.TableLikeClause, catalog)
    if ('ColumnDef' in node) return merge(...constraintsOf(node.ColumnDef).map((constraint) => reference(constraint, key, catalog)))
    return 'Constraint' in node ? reference(node.Constraint, key, catalog) : nothing
  })
  return merge({ creates: [`table ${key}`] }, ...parts, parents(statement, catalog))
}

function likeLock({ relation }: TableLikeClause, catalog: Catalog): Effect {
  return relation === undefined ? nothing : locksOn('ACCESS SHARE', [relationKey(relation, catalog)])
}

function reference({ contype, pktable }: Constraint, own: string, catalog: Catalog): Effect {
  if (contype !== 'CONSTR_FOREIGN' || pktable === undefined) return nothing
  const parent = relationKey(pktable, catalog)
  return parent === own ? nothing : locksOn('SHARE ROW EXCLUSIVE', withDescendants(parent, catalog))
}

function parents({ inhRelations, partbound }: CreateStmt, catalog: Catalog): Effect {
  const ranges = (inhRelations ?? []).flatMap((node): RangeVar[] => ('RangeVar' in node ? [node.RangeVar] : []))
  return merge(
    ...ranges.map((range) =>
      partbound === undefined
        ? locksOn('SHARE UPDATE EXCLUSIVE', [relationKey(range, catalog)])
        : partitionOf(relationKey(range, catalog), partbound, catalog),
    ),
  )
}

// The new partition inherits the parent's foreign keys, and a default partition must be shown to hold none of its rows.
function partitionOf(parent: string, bound: PartitionBoundSpec, catalog: Catalog): Effect {
  const referenced = foreignKeysOf(catalog.relations.get(parent)).flatMap((foreignKey) => withDescendants(foreignKey.references, catalog))
  const defaults = defaultPartitions(parent, catalog)
  return merge(
    locksOn('ACCESS EXCLUSIVE', [parent, ...defaults]),
    locksOn('SHARE ROW EXCLUSIVE', referenced),
    { scans: withHeap(defaultsRead(parent, bound, catalog), catalog) },
    defaultDoubt(parent, catalog),
  )
}
