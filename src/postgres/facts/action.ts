import type { Catalog, Relation } from '../../model/catalog.ts'
import type { LockMode } from '../../model/facts.ts'
import type { AlterTableCmd } from '../node.ts'
import { nothing, type Effect } from './effect.ts'
import { isPartitioned } from './relations.ts'

/** What one action of ALTER TABLE does: its lock on the table, and all else. */
export interface Action {
  readonly mode: LockMode
  /** Partitions and children are locked too. */
  readonly recurses: boolean
  readonly effect: Effect
}

/** The table of an ALTER TABLE. */
export interface Target {
  readonly key: string
  readonly relation: Relation | undefined
  /** The table itself and, unless ONLY is written, all that inherits from it. */
  readonly tree: readonly string[]
  readonly catalog: Catalog
  /** All actions of the statement: the server works through them by kind, not in the order of the text. */
  readonly commands: readonly AlterTableCmd[]
}

export const onTree = (mode: LockMode, effect: Effect = nothing): Action => ({ mode, recurses: true, effect })

export const onTable = (mode: LockMode, effect: Effect = nothing): Action => ({ mode, recurses: false, effect })

/** Partitions are always locked too; children by inheritance only from 18 on (measured). */
export function from18OrPartitioned({ key, catalog }: Target, mode: LockMode, effect: Effect): Action {
  return catalog.server.version >= 18 || isPartitioned(key, catalog) ? onTree(mode, effect) : onTable(mode, effect)
}
