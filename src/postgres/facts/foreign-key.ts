import type { Catalog } from '../../model/catalog.ts'
import { relationKey } from '../names.ts'
import { textsOf, type Constraint } from '../node.ts'
import { foreignKeyText } from '../simulate/definitions.ts'
import type { Target } from './action.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { foreignKeysOf, isPartitioned, withDescendants, withHeap, withPartitions } from './relations.ts'

/** Both tables are locked against writes, and both are read unless NOT VALID or NOT ENFORCED is written, or the partitions have equal keys. */
export function foreignKeyEffect(constraint: Constraint, deferred: boolean, { key, catalog }: Target): Effect {
  const parents = constraint.pktable === undefined ? [] : withDescendants(relationKey(constraint.pktable, catalog), catalog)
  const adopted = isPartitioned(key, catalog) ? adoptedForeignKeys(constraint, key, catalog) : []
  const proven = adopted.filter(({ valid }) => valid).map(({ table }) => table)
  const read = withHeap(withPartitions(key, catalog), catalog).filter((table) => !proven.includes(table))
  const scans = deferred || (proven.length > 0 && read.length === 0) ? [] : [...read, ...withHeap(parents, catalog)]
  return merge(locksOn('SHARE ROW EXCLUSIVE', parents), adoption(parents, adopted, catalog), { scans })
}

interface Adopted {
  readonly table: string
  readonly valid: boolean
}

/** Partitions whose own equal key becomes a part of the new one; those that are not valid only from 18 on. */
function adoptedForeignKeys(constraint: Constraint, key: string, catalog: Catalog): readonly Adopted[] {
  const wanted = foreignKeyDefinition(constraint, catalog)
  return withDescendants(key, catalog).flatMap((table) => {
    const own = foreignKeysOf(catalog.relations.get(table)).filter(({ definition }) => definition.replace(/ NOT VALID$/, '') === wanted)
    const found = own.find(({ valid }) => valid || catalog.server.version >= 18)
    return found === undefined ? [] : [{ table, valid: found.valid }]
  })
}

function foreignKeyDefinition(constraint: Constraint, catalog: Catalog): string {
  const table = relationKey(constraint.pktable ?? [], catalog)
  const primary = catalog.relations.get(table)?.constraints.find(({ kind }) => kind === 'primary-key')?.columns ?? []
  const columns = constraint.pk_attrs === undefined ? primary : textsOf(constraint.pk_attrs)
  return foreignKeyText({ ...constraint, skip_validation: false }, textsOf(constraint.fk_attrs), { table, columns })
}

// The triggers of an adopted key go, on the tables that it refers to too (measured on 13 to 18).
function adoption([parent = '', ...partitions]: readonly string[], adopted: readonly Adopted[], { server }: Catalog): Effect {
  if (adopted.length === 0) return nothing
  if (partitions.length === 0) return locksOn('ACCESS EXCLUSIVE', [parent])
  return locksOn('ACCESS EXCLUSIVE', [...(server.version >= 15 ? [parent] : []), ...partitions, ...adopted.map(({ table }) => table)])
}
