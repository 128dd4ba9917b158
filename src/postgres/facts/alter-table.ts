import type { Catalog } from '../../model/catalog.ts'
import type { LockMode } from '../../model/facts.ts'
import { strongerMode } from '../lock-modes.ts'
import { findIndex, relationKey } from '../names.ts'
import type { AlterTableCmd, AlterTableStmt } from '../node.ts'
import { onTable, onTree, type Action, type Target } from './action.ts'
import { addColumn, identityRecurses } from './add-column.ts'
import { alterType, dropColumn, setExpression } from './columns.ts'
import { addConstraint, alterConstraint, dropConstraint, notNullScan, validateConstraint } from './constraints.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { attachPartition, detachPartition, inherit } from './partitions.ts'
import { isPartitioned, isUnknown, ownedSequences, withDescendants, withHeap } from './relations.ts'
import { relOptionsMode } from './rel-options.ts'

/** ALTER TABLE and its like: the strongest lock of all actions, held through all of them (AlterTableGetLockLevel, tablecmds.c). */
export function alterTable(statement: AlterTableStmt, catalog: Catalog): Effect {
  const range = statement.relation ?? {}
  const commands = (statement.cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []))
  const index = findIndex(range, catalog)
  if (statement.objtype === 'OBJECT_INDEX' || index !== undefined) return alterIndex(commands, index?.relation, catalog)
  if (statement.objtype === 'OBJECT_TYPE') return nothing
  const key = relationKey(range, catalog)
  if (statement.missing_ok === true && !catalog.relations.has(key) && catalog.knowledge === 'whole') return nothing
  const tree = range.inh === true ? withDescendants(key, catalog) : [key]
  const target: Target = { key, relation: catalog.relations.get(key), tree, catalog, commands }
  return asOne(
    commands.map((command) => actionOf(command, target)),
    target,
  )
}

function asOne(actions: readonly Action[], { key, tree }: Target): Effect {
  const mode = actions.map((action) => action.mode).reduce<LockMode>(strongerMode, 'SHARE UPDATE EXCLUSIVE')
  const locked = actions.some((action) => action.recurses) ? tree : [key]
  return merge(locksOn(mode, locked), ...actions.map((action) => action.effect))
}

/** The table of the index is locked only where a partition's index is put under its parent's. */
function alterIndex(commands: readonly AlterTableCmd[], table: string | undefined, catalog: Catalog): Effect {
  return merge(
    ...commands.map(({ subtype, def }) => {
      if (subtype !== 'AT_AttachPartition' || def === undefined || !('PartitionCmd' in def)) return nothing
      const child = findIndex(def.PartitionCmd.name ?? {}, catalog)?.relation
      return locksOn(
        'ACCESS SHARE',
        [table, child].filter((name) => name !== undefined),
      )
    }),
  )
}

/** Locks measured on 13 to 18: test/postgres/lock-matrix.test.ts. */
function actionOf(command: AlterTableCmd, target: Target): Action {
  const { subtype, def } = command
  const { key, catalog } = target
  switch (subtype) {
    case 'AT_AddColumn':
      return addColumnAction(command, target)
    case 'AT_DropColumn':
      return dropColumn(command, target)
    case 'AT_AlterColumnType':
      return alterType(command, target)
    case 'AT_SetNotNull':
      return onTree('ACCESS EXCLUSIVE', notNullScan([command.name ?? ''], target))
    case 'AT_DropNotNull':
      return onTree('ACCESS EXCLUSIVE')
    case 'AT_AddConstraint':
      return def !== undefined && 'Constraint' in def ? addConstraint(def.Constraint, target) : onTable('ACCESS EXCLUSIVE')
    case 'AT_DropConstraint':
      return dropConstraint(command, target)
    case 'AT_ValidateConstraint':
      return validateConstraint(command, target)
    case 'AT_AlterConstraint':
      return alterConstraint(command, target)
    case 'AT_SetExpression':
      return setExpression(command, target)
    case 'AT_ColumnDefault':
    case 'AT_DropExpression':
    case 'AT_SetStorage':
      return onTree('ACCESS EXCLUSIVE')
    case 'AT_AddIdentity':
    case 'AT_SetIdentity':
    case 'AT_DropIdentity':
      return identity(command, target)
    case 'AT_SetStatistics':
      return onTree('SHARE UPDATE EXCLUSIVE')
    case 'AT_SetOptions':
    case 'AT_ResetOptions':
    case 'AT_ClusterOn':
    case 'AT_DropCluster':
      return onTable('SHARE UPDATE EXCLUSIVE')
    case 'AT_SetRelOptions':
    case 'AT_ResetRelOptions':
      return onTable(relOptionsMode(def))
    case 'AT_SetLogged':
    case 'AT_SetUnLogged':
      return onTable('ACCESS EXCLUSIVE', persistence(target))
    case 'AT_SetAccessMethod':
    case 'AT_SetTableSpace':
      return onTable('ACCESS EXCLUSIVE', moved(command, target))
    case 'AT_AttachPartition':
      return attachPartition(command, target)
    case 'AT_DetachPartition':
    case 'AT_DetachPartitionFinalize':
      return detachPartition(command, target)
    case 'AT_AddInherit':
    case 'AT_DropInherit':
      return inherit(command, target)
    case 'AT_ChangeOwner':
      return onTable('ACCESS EXCLUSIVE', locksOn('ACCESS EXCLUSIVE', ownedSequences(key, catalog)))
    case 'AT_EnableTrig':
    case 'AT_EnableAlwaysTrig':
    case 'AT_EnableReplicaTrig':
    case 'AT_DisableTrig':
    case 'AT_EnableTrigAll':
    case 'AT_DisableTrigAll':
    case 'AT_EnableTrigUser':
    case 'AT_DisableTrigUser':
      return isPartitioned(key, catalog) ? onTree('SHARE ROW EXCLUSIVE') : onTable('SHARE ROW EXCLUSIVE')
    case undefined:
    case 'AT_AddColumnToView':
    case 'AT_CookedColumnDefault':
    case 'AT_SetCompression':
    case 'AT_AddIndex':
    case 'AT_ReAddIndex':
    case 'AT_ReAddConstraint':
    case 'AT_ReAddDomainConstraint':
    case 'AT_AddIndexConstraint':
    case 'AT_ReAddComment':
    case 'AT_AlterColumnGenericOptions':
    case 'AT_DropOids':
    case 'AT_ReplaceRelOptions':
    case 'AT_EnableRule':
    case 'AT_EnableAlwaysRule':
    case 'AT_EnableReplicaRule':
    case 'AT_DisableRule':
    case 'AT_AddOf':
    case 'AT_DropOf':
    case 'AT_ReplicaIdentity':
    case 'AT_EnableRowSecurity':
    case 'AT_DisableRowSecurity':
    case 'AT_ForceRowSecurity':
    case 'AT_NoForceRowSecurity':
    case 'AT_GenericOptions':
    case 'AT_ReAddStatistics':
  }
  return onTable('ACCESS EXCLUSIVE')
}

function addColumnAction({ def, missing_ok }: AlterTableCmd, target: Target): Action {
  if (def === undefined || !('ColumnDef' in def)) return onTree('ACCESS EXCLUSIVE')
  const exists = target.relation?.columns.some((column) => column.name === def.ColumnDef.colname) === true
  // IF NOT EXISTS takes the lock all the same, but only on the table itself.
  if (exists && missing_ok === true) return onTable('ACCESS EXCLUSIVE')
  const doubt =
    missing_ok === true && isUnknown(target.key, target.catalog) ? { conditions: ['nothing but the lock if the column exists'] } : nothing
  return onTree('ACCESS EXCLUSIVE', merge(addColumn(def.ColumnDef, target), doubt))
}

function identity({ subtype, name }: AlterTableCmd, { key, catalog }: Target): Action {
  const mode = subtype === 'AT_DropIdentity' ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE'
  const effect = subtype === 'AT_AddIdentity' ? nothing : locksOn(mode, ownedSequences(key, catalog, name ?? ''))
  return identityRecurses(key, catalog) ? onTree('ACCESS EXCLUSIVE', effect) : onTable('ACCESS EXCLUSIVE', effect)
}

function persistence({ key, relation, catalog }: Target): Effect {
  const heap = withHeap([key], catalog)
  return {
    rewrites: heap,
    builds: relation !== undefined && relation.indexes.length === 0 ? [] : heap,
    conditions: ['nothing is written if it is so already'],
  }
}

// The catalog does not say where a table lies; the names of the defaults are taken to change nothing.
function moved({ subtype, name }: AlterTableCmd, { key, catalog }: Target): Effect {
  if (subtype === 'AT_SetTableSpace' ? name === 'pg_default' : name === undefined || name === 'heap') return nothing
  return { rewrites: withHeap([key], catalog), conditions: ['not copied if it is there already'] }
}
