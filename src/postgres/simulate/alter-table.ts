import type { Catalog, Column } from '../../model/catalog.ts'
import { findIndex, relationKey } from '../names.ts'
import { tagOf, type AlterTableCmd, type AlterTableStmt, type ColumnDef, type Constraint, type PartitionCmd } from '../node.ts'
import { passOf } from '../pass.ts'
import { expressionText, type Source } from '../source.ts'
import { typeText } from '../type-text.ts'
import { addColumn, addSequence, columnOf, constraintsOf, isNull, sequenceName } from './columns.ts'
import { addConstraints } from './constraints.ts'
import { wantedOfColumn } from './create-table.ts'
import { dropColumn, dropConstraint, dropNotNull, dropSequencesOf } from './drop-parts.ts'
import { each, eachBelow, edit, editColumn, sorted, without } from './edit.ts'
import { attachPartition, attachPartitionIndex, detachPartition } from './partitions.ts'
import { addNotNull } from './not-null.ts'
import { setRowSecurity } from './policies.ts'
import { setReplicaIdentity } from './replica-identity.ts'
import { validate } from './validate.ts'

export function alterTable(statement: AlterTableStmt, catalog: Catalog, source: Source): Catalog {
  const commands = (statement.cmds ?? []).flatMap((node) => ('AlterTableCmd' in node ? [node.AlterTableCmd] : []))
  if (statement.objtype === 'OBJECT_INDEX') return alterIndex(statement, catalog, commands)
  const key = relationKey(statement.relation ?? {}, catalog)
  if (!catalog.relations.has(key)) return catalog
  // The tree leaves false out.
  const only = statement.relation?.inh !== true
  const ordered = commands.toSorted((one, other) => passOf(one) - passOf(other))
  return each(
    catalog,
    ordered,
    (changed, command) => actions[command.subtype ?? '']?.({ catalog: changed, key, command, source, only }) ?? changed,
  )
}

interface Action {
  readonly catalog: Catalog
  readonly key: string
  readonly command: AlterTableCmd
  readonly source: Source
  readonly only: boolean
}

const actions: { readonly [subtype: string]: (action: Action) => Catalog } = {
  AT_AddColumn: (action) => withDefinition(action, addColumnEverywhere),
  AT_DropColumn: (action) =>
    below(action, (catalog, relation) => dropColumn(catalog, { relation, column: columnOfAction(action) }, isCascade(action))),
  AT_AlterColumnType: (action) => withDefinition(action, changeType),
  AT_ColumnDefault: (action) => eachColumn(action, (column) => withDefault(column, action)),
  AT_SetNotNull: ({ catalog, key, command, only }) => addNotNull(catalog, key, { column: command.name ?? '', only }),
  AT_DropNotNull: (action) => below(action, (catalog, key) => dropNotNull(catalog, key, columnOfAction(action))),
  AT_SetExpression: (action) =>
    eachColumn(action, (column) => ({ ...column, default: expressionText(action.source, action.command.def) ?? '' })),
  AT_DropExpression: (action) => eachColumn(action, (column) => without(column, 'default', 'generated')),
  AT_AddIdentity: addIdentity,
  AT_SetIdentity: setIdentity,
  AT_DropIdentity: dropIdentity,
  AT_AddConstraint: addConstraint,
  AT_DropConstraint: (action) =>
    dropConstraint(action.catalog, action.key, { name: columnOfAction(action), only: action.only, cascade: isCascade(action) }),
  AT_ValidateConstraint: ({ catalog, key, command }) => validate(catalog, key, command.name ?? ''),
  AT_AlterConstraint: alterConstraint,
  AT_ChangeOwner: changeOwner,
  AT_SetLogged: ({ catalog, key }) => edit(catalog, key, (relation) => without(relation, 'unlogged')),
  AT_SetUnLogged: ({ catalog, key }) => edit(catalog, key, (relation) => ({ ...relation, unlogged: true })),
  AT_EnableRowSecurity: secure,
  AT_DisableRowSecurity: secure,
  AT_ForceRowSecurity: secure,
  AT_NoForceRowSecurity: secure,
  AT_ReplicaIdentity: ({ catalog, key, command }) => edit(catalog, key, (relation) => setReplicaIdentity(relation, command.def)),
  AT_AttachPartition: (action) =>
    withPartition(action, (command) => attachPartition(action.catalog, action.key, { command, source: action.source })),
  AT_DetachPartition: (action) => withPartition(action, (command) => detachPartition(action.catalog, action.key, command)),
  AT_AddInherit: (action) => inherit(action, (children, key) => sorted([...children, key])),
  AT_DropInherit: (action) => inherit(action, (children, key) => children.filter((child) => child !== key)),
}

/** The name that an action gives: of a column in most, of a constraint in some. */
function columnOfAction({ command }: Action): string {
  return command.name ?? ''
}

function isCascade({ command }: Action): boolean {
  return command.behavior === 'DROP_CASCADE'
}

function below({ catalog, key, only }: Action, effect: (catalog: Catalog, key: string) => Catalog): Catalog {
  return only ? effect(catalog, key) : eachBelow(catalog, key, effect)
}

function eachColumn(action: Action, change: (column: Column) => Column): Catalog {
  return below(action, (catalog, relation) => editColumn(catalog, { relation, column: columnOfAction(action) }, change))
}

function withDefinition(action: Action, effect: (action: Action, definition: ColumnDef) => Catalog): Catalog {
  const { def, name = '' } = action.command
  return def !== undefined && 'ColumnDef' in def
    ? effect(action, { ...def.ColumnDef, colname: def.ColumnDef.colname ?? name })
    : action.catalog
}

function withPartition({ catalog, command }: Action, effect: (command: PartitionCmd) => Catalog): Catalog {
  return command.def !== undefined && 'PartitionCmd' in command.def ? effect(command.def.PartitionCmd) : catalog
}

function constraintOfAction({ command }: Action): readonly Constraint[] {
  return constraintsOf(command.def === undefined ? [] : [command.def])
}

function addConstraint(action: Action): Catalog {
  const { catalog, key, source, only } = action
  return addConstraints(
    catalog,
    key,
    constraintOfAction(action).map((node) => ({ node, source, only })),
  )
}

function changeOwner({ catalog, key, command }: Action): Catalog {
  const owner = command.newowner?.rolename
  return owner === undefined ? catalog : edit(catalog, key, (relation) => ({ ...relation, owner }))
}

function secure({ catalog, key, command }: Action): Catalog {
  return edit(catalog, key, (relation) => setRowSecurity(relation, command.subtype ?? 'AT_EnableRowSecurity'))
}

function addColumnEverywhere({ catalog, key, source }: Action, definition: ColumnDef): Catalog {
  if (catalog.relations.get(key)?.columns.some((column) => column.name === definition.colname) === true) return catalog
  const added = addColumn(catalog, key, { definition, source })
  const column = added.relations.get(key)?.columns.at(-1)
  const children = catalog.relations.get(key)?.children ?? []
  const inherited = each(added, children, (changed, child) => eachBelow(changed, child, (inner, below) => giveColumn(inner, below, column)))
  return addConstraints(inherited, key, wantedOfColumn(definition, source))
}

function giveColumn(catalog: Catalog, key: string, column: Column | undefined): Catalog {
  return edit(catalog, key, (relation) => {
    if (column === undefined || relation.columns.some((own) => own.name === column.name)) return relation
    return { ...relation, columns: [...relation.columns, column] }
  })
}

function changeType(action: Action, definition: ColumnDef): Catalog {
  const { catalog, source } = action
  const { collation } = columnOf(definition, catalog, source)
  const type = definition.typeName === undefined ? 'unknown' : typeText(definition.typeName, catalog)
  return eachColumn(action, (column) => ({ ...without(column, 'collation'), type, ...(collation !== undefined && { collation }) }))
}

function withDefault(column: Column, { command, source }: Action): Column {
  if (isNull(command.def)) return without(column, 'default')
  return { ...column, default: expressionText(source, command.def) ?? '' }
}

function addIdentity(action: Action): Catalog {
  const { catalog, key } = action
  const [node] = constraintOfAction(action)
  const identity = node?.generated_when === 'a' ? 'always' : 'by-default'
  const place = { relation: key, column: columnOfAction(action) }
  const set = editColumn(catalog, place, (column) => ({ ...column, identity }))
  return addSequence(set, place, sequenceName(node?.options))
}

function dropIdentity(action: Action): Catalog {
  const { catalog, key } = action
  const column = columnOfAction(action)
  const plain = editColumn(catalog, { relation: key, column }, (old) => without(old, 'identity'))
  return dropSequencesOf(plain, key, column)
}

/** SET GENERATED ALWAYS | BY DEFAULT comes as an option among those of the sequence. */
function setIdentity({ catalog, key, command }: Action): Catalog {
  const options = command.def !== undefined && 'List' in command.def ? (command.def.List.items ?? []) : []
  const generated = options.flatMap((node) => ('DefElem' in node && node.DefElem.defname === 'generated' ? [node.DefElem.arg] : []))[0]
  if (generated === undefined || !('Integer' in generated)) return catalog
  const identity = generated.Integer.ival === 'a'.charCodeAt(0) ? 'always' : 'by-default'
  return editColumn(catalog, { relation: key, column: command.name ?? '' }, (column) => ({ ...column, identity }))
}

// ALTER CONSTRAINT ... [NOT] ENFORCED (18); deferral is in the definition only.
function alterConstraint({ catalog, key, command }: Action): Catalog {
  const body =
    command.def === undefined || tagOf(command.def) !== 'ATAlterConstraint'
      ? undefined
      : (Object.values(command.def)[0] as { conname?: string; alterEnforceability?: boolean; is_enforced?: boolean })
  if (body?.alterEnforceability !== true) return catalog
  return edit(catalog, key, (relation) => ({
    ...relation,
    constraints: relation.constraints.map((constraint) =>
      constraint.name === body.conname && constraint.kind === 'foreign-key'
        ? {
            ...constraint,
            valid: body.is_enforced === true,
            definition: constraint.definition.replace(/ NOT ENFORCED$/, '') + (body.is_enforced === true ? '' : ' NOT ENFORCED'),
          }
        : constraint,
    ),
  }))
}

function inherit({ catalog, key, command }: Action, change: (children: readonly string[], key: string) => readonly string[]): Catalog {
  if (command.def === undefined || !('RangeVar' in command.def)) return catalog
  const parent = relationKey(command.def.RangeVar, catalog)
  return edit(catalog, parent, (relation) => ({ ...relation, children: change(relation.children, key) }))
}

function alterIndex(statement: AlterTableStmt, catalog: Catalog, commands: readonly AlterTableCmd[]): Catalog {
  const found = findIndex(statement.relation ?? {}, catalog)
  if (found === undefined) return catalog
  return each(catalog, commands, (changed, { def }) =>
    def !== undefined && 'PartitionCmd' in def
      ? attachPartitionIndex(changed, { key: found.relation, name: found.name }, def.PartitionCmd)
      : changed,
  )
}
