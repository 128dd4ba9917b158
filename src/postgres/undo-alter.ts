import type { Catalog, Relation } from '../model/catalog.ts'
import type { Undo } from '../model/plan.ts'
import { relationKey } from './names.ts'
import type { AlterTableCmd, AlterTableStmt, AlterTableType } from './node.ts'
import { postgresDialect } from './quote.ts'
import { constraintName, constraintOf } from './rewrites/_constraint.ts'
import { formerDefault } from './rewrites/_default.ts'
import { cleanup, free } from './rewrites/_step.ts'

const { name: quoted } = postgresDialect

/** What takes back the actions of an ALTER TABLE; past the point of no return where one of them cannot be. */
export function undoAlter({ relation, cmds = [] }: AlterTableStmt, before: Catalog, start: Catalog): Undo {
  const key = relationKey(relation ?? {}, before)
  const found = cmds.flatMap((command) =>
    'AlterTableCmd' in command ? [undoAction(command.AlterTableCmd, placeOf(key, before, start))] : [],
  )
  const final = found.find(({ kind }) => kind === 'forward-only')
  const sql = found.toReversed().flatMap((undo) => (undo.kind === 'cleanup' ? undo.sql : []))
  return final ?? (sql.length === 0 ? free : cleanup(...sql))
}

interface Place {
  readonly key: string
  readonly alter: string
  readonly relation: Relation | undefined
  readonly before: Catalog
  /** Columns that the migration found: what is done to one of its own goes with the column. */
  readonly found: readonly string[]
}

function placeOf(key: string, before: Catalog, start: Catalog): Place {
  const found = start.relations.get(key)?.columns.map(({ name }) => name) ?? []
  return { key, alter: `ALTER TABLE IF EXISTS ${key}`, relation: before.relations.get(key), before, found }
}

function undoAction(action: AlterTableCmd, place: Place): Undo {
  const isOnOwnColumn = action.subtype !== undefined && ofColumn.has(action.subtype) && !place.found.includes(action.name ?? '')
  if (isOnOwnColumn) return free
  const undo = action.subtype === undefined ? undefined : undos.get(action.subtype)
  return (
    undo?.(action, place) ?? forwardOnly(`what ${action.subtype?.replace('AT_', '') ?? 'the action'} replaced on ${place.key} is not kept`)
  )
}

const ofColumn: ReadonlySet<AlterTableType> = new Set<AlterTableType>([
  'AT_ColumnDefault',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_SetStatistics',
])

const undos: ReadonlyMap<AlterTableType, (action: AlterTableCmd, place: Place) => Undo> = new Map<
  AlterTableType,
  (action: AlterTableCmd, place: Place) => Undo
>([
  ['AT_AddColumn', undoAddColumn],
  ['AT_AddConstraint', undoConstraint],
  ['AT_ColumnDefault', (action, { key, before }) => formerDefault(key, action.name ?? '', before)],
  [
    'AT_SetNotNull',
    (action, { alter, relation }) =>
      isNullable(relation, action.name) ? cleanup(`${alter} ALTER COLUMN ${quoted(action.name ?? '')} DROP NOT NULL`) : free,
  ],
  ['AT_DropNotNull', (action, { relation }) => (isNullable(relation, action.name) ? free : forwardOnly('rows may be NULL by now'))],
  ['AT_ValidateConstraint', () => free],
  ['AT_SetStatistics', () => free],
])

function forwardOnly(why: string): Undo {
  return { kind: 'forward-only', why }
}

function isNullable(relation: Relation | undefined, column: string | undefined): boolean {
  return relation?.columns.find(({ name }) => name === column)?.nullable === true
}

function undoAddColumn({ def }: AlterTableCmd, { alter, relation }: Place): Undo {
  const name = def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : ''
  const isThere = relation?.columns.some((column) => column.name === name) === true
  return isThere ? free : cleanup(`${alter} DROP COLUMN IF EXISTS ${quoted(name)}`)
}

function undoConstraint({ def }: AlterTableCmd, { alter, relation, before }: Place): Undo {
  const constraint = constraintOf(def)
  if (constraint === undefined || relation === undefined) return forwardOnly('its name is not known')
  return cleanup(`${alter} DROP CONSTRAINT IF EXISTS ${quoted(constraintName(constraint, { catalog: before, relation }))}`)
}
