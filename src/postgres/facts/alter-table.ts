import type { Catalog } from '../../model/catalog.ts'
import type { LockMode } from '../../model/facts.ts'
import { strongerMode } from '../lock-modes.ts'
import { findIndex, relationKey } from '../names.ts'
import type { AlterTableCmd, AlterTableStmt, AlterTableType } from '../node.ts'
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
  const key = relationKey(range, catalog)
  const index = catalog.relations.has(key) ? undefined : findIndex(range, catalog)
  if (statement.objtype === 'OBJECT_INDEX' || index !== undefined) return alterIndex(commands, index?.relation, catalog)
  if (statement.objtype === 'OBJECT_TYPE') return nothing
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

function actionOf(command: AlterTableCmd, target: Target): Action {
  const known = command.subtype === undefined ? undefined : actions[command.subtype]
  return known === undefined ? onTable('ACCESS EXCLUSIVE') : known(command, target)
}

const strongOnTree = () => onTree('ACCESS EXCLUSIVE')
const lightOnTable = () => onTable('SHARE UPDATE EXCLUSIVE')
const triggers = (_: AlterTableCmd, { key, catalog }: Target) =>
  isPartitioned(key, catalog) ? onTree('SHARE ROW EXCLUSIVE') : onTable('SHARE ROW EXCLUSIVE')
const options = ({ def }: AlterTableCmd) => onTable(relOptionsMode(def))

/** What is not listed takes ACCESS EXCLUSIVE on the table alone. Locks measured on 13 to 18: test/postgres/lock-matrix.test.ts. */
const actions: { readonly [subtype in AlterTableType]?: (command: AlterTableCmd, target: Target) => Action } = {
  AT_AddColumn: addColumnAction,
  AT_DropColumn: dropColumn,
  AT_AlterColumnType: alterType,
  AT_SetNotNull: ({ name = '' }, target) => onTree('ACCESS EXCLUSIVE', notNullScan([name], target)),
  AT_DropNotNull: strongOnTree,
  AT_AddConstraint: ({ def }, target) =>
    def !== undefined && 'Constraint' in def ? addConstraint(def.Constraint, target) : strongOnTree(),
  AT_DropConstraint: dropConstraint,
  AT_ValidateConstraint: validateConstraint,
  AT_AlterConstraint: alterConstraint,
  AT_SetExpression: setExpression,
  AT_ColumnDefault: strongOnTree,
  AT_DropExpression: strongOnTree,
  AT_SetStorage: strongOnTree,
  AT_AddIdentity: identity,
  AT_SetIdentity: identity,
  AT_DropIdentity: identity,
  AT_SetStatistics: () => onTree('SHARE UPDATE EXCLUSIVE'),
  AT_SetOptions: lightOnTable,
  AT_ResetOptions: lightOnTable,
  AT_ClusterOn: lightOnTable,
  AT_DropCluster: lightOnTable,
  AT_SetRelOptions: options,
  AT_ResetRelOptions: options,
  AT_SetLogged: (_, target) => onTable('ACCESS EXCLUSIVE', persistence(target, { unlogged: false })),
  AT_SetUnLogged: (_, target) => onTable('ACCESS EXCLUSIVE', persistence(target, { unlogged: true })),
  AT_SetAccessMethod: (command, target) => onTable('ACCESS EXCLUSIVE', moved(command, target)),
  AT_SetTableSpace: (command, target) => onTable('ACCESS EXCLUSIVE', moved(command, target)),
  AT_AttachPartition: attachPartition,
  AT_DetachPartition: detachPartition,
  AT_DetachPartitionFinalize: detachPartition,
  AT_AddInherit: inherit,
  AT_DropInherit: inherit,
  AT_ChangeOwner: (_, { key, catalog }) => onTable('ACCESS EXCLUSIVE', locksOn('ACCESS EXCLUSIVE', ownedSequences(key, catalog))),
  AT_EnableTrig: triggers,
  AT_EnableAlwaysTrig: triggers,
  AT_EnableReplicaTrig: triggers,
  AT_DisableTrig: triggers,
  AT_EnableTrigAll: triggers,
  AT_DisableTrigAll: triggers,
  AT_EnableTrigUser: triggers,
  AT_DisableTrigUser: triggers,
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

function persistence({ key, relation, catalog }: Target, { unlogged }: { readonly unlogged: boolean }): Effect {
  const heap = withHeap([key], catalog)
  if (relation === undefined) return { rewrites: heap, builds: heap, conditions: ['nothing is written if it is so already'] }
  if ((relation.unlogged === true) === unlogged) return nothing
  return { rewrites: heap, builds: relation.indexes.length === 0 ? [] : heap }
}

// The catalog does not say where a table lies; the names of the defaults are taken to change nothing.
function moved({ subtype, name }: AlterTableCmd, { key, catalog }: Target): Effect {
  if (subtype === 'AT_SetTableSpace' ? name === 'pg_default' : name === undefined || name === 'heap') return nothing
  return { rewrites: withHeap([key], catalog), conditions: ['not copied if it is there already'] }
}
