import type { Catalog } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import type { Undo } from '../model/plan.ts'
import { nameParts } from './facts/tree.ts'
import { creationKey, findRelation, relationKey } from './names.ts'
import { textsOf, type AlterTableCmd, type Constraint, type PgNode, type RangeVar } from './node.ts'
import { chooseIndexName } from './object-names.ts'
import { postgresDialect } from './quote.ts'
import { constraintName } from './rewrites/_constraint.ts'
import { formerDefault } from './rewrites/_default.ts'
import { cleanup, free } from './rewrites/_step.ts'

const { name: quoted } = postgresDialect

/** What `abort` does about a statement that ran as it was written: what was added is dropped, what is gone or changed cannot come back. */
export function undoOf({ statement, before }: Judged<PgNode>): Undo {
  const { node } = statement
  if (isOnNewTable(node, before)) return free
  if ('AlterTableStmt' in node && node.AlterTableStmt.relation !== undefined) return undoAlter(node.AlterTableStmt.relation, node.AlterTableStmt.cmds ?? [], before)
  if (leavesNothing.has(statement.kind)) return free
  return undoCreate(node, before) ?? forwardOnly(`lockkeeper does not know how to take back ${statement.kind}`)
}

/** Nothing that anyone could miss or trip over afterwards. */
const leavesNothing: ReadonlySet<string> = new Set(['CommentStmt', 'GrantStmt', 'GrantRoleStmt', 'VacuumStmt', 'SelectStmt', 'VariableSetStmt', 'VariableShowStmt', 'LockStmt', 'AlterDefaultPrivilegesStmt', 'ConstraintsSetStmt', 'PrepareStmt', 'DeallocateStmt'])

// What is done to a table of this run goes with the table.
function isOnNewTable(node: PgNode, catalog: Catalog): boolean {
  const body = Object.values(node)[0] as { readonly relation?: RangeVar } | undefined
  const relation = body?.relation === undefined ? undefined : findRelation(body.relation, catalog)
  return relation?.isNew === true
}

function forwardOnly(why: string): Undo {
  return { kind: 'forward-only', why }
}

function undoCreate(node: PgNode, before: Catalog): Undo | undefined {
  if ('CreateStmt' in node) return dropRelation('TABLE', node.CreateStmt.relation, before)
  if ('CreateTableAsStmt' in node) return dropRelation(node.CreateTableAsStmt.objtype === 'OBJECT_MATVIEW' ? 'MATERIALIZED VIEW' : 'TABLE', node.CreateTableAsStmt.into?.rel, before)
  if ('ViewStmt' in node) return dropRelation('VIEW', node.ViewStmt.view, before)
  if ('CreateSeqStmt' in node) return dropRelation('SEQUENCE', node.CreateSeqStmt.sequence, before)
  if ('IndexStmt' in node) return undoIndex(node, before)
  if ('CreateEnumStmt' in node) return dropIfExists('TYPE', creationKey(node.CreateEnumStmt.typeName ?? [], before))
  if ('CreateDomainStmt' in node) return dropIfExists('DOMAIN', creationKey(node.CreateDomainStmt.domainname ?? [], before))
  if ('CompositeTypeStmt' in node) return dropIfExists('TYPE', creationKey(node.CompositeTypeStmt.typevar ?? {}, before))
  if ('CreateRangeStmt' in node) return dropIfExists('TYPE', creationKey(node.CreateRangeStmt.typeName ?? [], before))
  if ('CreateSchemaStmt' in node) return node.CreateSchemaStmt.if_not_exists === true ? free : dropIfExists('SCHEMA', quoted(node.CreateSchemaStmt.schemaname ?? ''))
  if ('CreateExtensionStmt' in node) return node.CreateExtensionStmt.if_not_exists === true ? free : dropIfExists('EXTENSION', quoted(node.CreateExtensionStmt.extname ?? ''))
  if ('CreateFunctionStmt' in node) return undoFunction(node, before)
  return undoOnTable(node, before)
}

function undoFunction(node: Extract<PgNode, { CreateFunctionStmt: unknown }>, before: Catalog): Undo {
  const key = creationKey(node.CreateFunctionStmt.funcname ?? [], before)
  if (before.functions.has(key)) return forwardOnly(`${key} may have been replaced, and its former body is not known`)
  return dropIfExists(node.CreateFunctionStmt.is_procedure === true ? 'PROCEDURE' : 'FUNCTION', key)
}

function undoOnTable(node: PgNode, before: Catalog): Undo | undefined {
  if ('CreateTrigStmt' in node && node.CreateTrigStmt.replace !== true) return cleanup(`DROP TRIGGER IF EXISTS ${quoted(node.CreateTrigStmt.trigname ?? '')} ON ${relationKey(node.CreateTrigStmt.relation ?? {}, before)}`)
  if ('CreatePolicyStmt' in node) return cleanup(`DROP POLICY IF EXISTS ${quoted(node.CreatePolicyStmt.policy_name ?? '')} ON ${relationKey(node.CreatePolicyStmt.table ?? {}, before)}`)
  if ('CreateStatsStmt' in node) return node.CreateStatsStmt.defnames === undefined ? undefined : dropIfExists('STATISTICS', quoted(...textsOf(node.CreateStatsStmt.defnames)))
  if ('CreatePublicationStmt' in node) return dropIfExists('PUBLICATION', quoted(node.CreatePublicationStmt.pubname ?? ''))
  if ('DropStmt' in node) return node.DropStmt.missing_ok === true && namesNothing(node, before) ? free : forwardOnly('what was dropped cannot be brought back')
  return ['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'CopyStmt', 'TruncateStmt'].some((tag) => tag in node) ? forwardOnly('rows were changed, and nothing keeps what they held before') : undefined
}

function namesNothing({ DropStmt: drop }: Extract<PgNode, { DropStmt: unknown }>, before: Catalog): boolean {
  return drop.removeType === 'OBJECT_TABLE' && (drop.objects ?? []).every((object) => !before.relations.has(relationKey(nameParts(object), before)))
}

function dropRelation(kind: string, range: RangeVar | undefined, before: Catalog): Undo {
  const key = creationKey(range ?? {}, before)
  if (range?.relpersistence === 't') return free
  return before.relations.has(key) ? forwardOnly(`${key} was there before`) : dropIfExists(kind, key)
}

function dropIfExists(kind: string, key: string): Undo {
  return cleanup(`DROP ${kind} IF EXISTS ${key}`)
}

function undoIndex({ IndexStmt: index }: Extract<PgNode, { IndexStmt: unknown }>, before: Catalog): Undo {
  const relation = findRelation(index.relation ?? {}, before)
  if (relation === undefined) return forwardOnly('its table is not known')
  const name = index.idxname ?? chooseIndexName({ catalog: before, relation }, index)
  if (relation.indexes.some((found) => found.name === name)) return free
  const how = relation.kind === 'partitioned' ? '' : ' CONCURRENTLY'
  return cleanup(`DROP INDEX${how} IF EXISTS ${quoted(relation.schema, name)}`)
}

function undoAlter(range: RangeVar, commands: readonly PgNode[], before: Catalog): Undo {
  const key = relationKey(range, before)
  const undos = commands.flatMap((command) => ('AlterTableCmd' in command ? [undoAction(key, command.AlterTableCmd, before)] : []))
  return joinUndo(undos)
}

/** Several statements of one step: taken back last first; past the point of no return where one of them is. */
export function joinUndo(undos: readonly Undo[]): Undo {
  const final = undos.find(({ kind }) => kind === 'forward-only')
  const sql = undos.toReversed().flatMap((undo) => (undo.kind === 'cleanup' ? undo.sql : []))
  return final ?? (sql.length === 0 ? free : cleanup(...sql))
}

function undoAction(key: string, action: AlterTableCmd, before: Catalog): Undo {
  const relation = before.relations.get(key)
  const column = relation?.columns.find(({ name }) => name === action.name)
  const alter = `ALTER TABLE IF EXISTS ${key}`
  switch (action.subtype) {
    case 'AT_AddColumn':
      return undoAddColumn(alter, action, relation?.columns.map(({ name }) => name) ?? [])
    case 'AT_AddConstraint':
      return undoConstraint(alter, action, { before, key })
    case 'AT_ColumnDefault':
      return formerDefault(key, action.name ?? '', before)
    case 'AT_SetNotNull':
      return column?.nullable === false ? free : cleanup(`${alter} ALTER COLUMN ${quoted(action.name ?? '')} DROP NOT NULL`)
    case 'AT_ValidateConstraint':
    case 'AT_SetStatistics':
      return free
    case 'AT_DropNotNull':
      return column?.nullable === true ? free : forwardOnly('rows may be NULL by now')
    default:
      return forwardOnly(`what ${action.subtype?.replace('AT_', '') ?? 'the action'} replaced on ${key} is not kept`)
  }
}

function undoAddColumn(alter: string, { def }: AlterTableCmd, existing: readonly string[]): Undo {
  const name = def !== undefined && 'ColumnDef' in def ? (def.ColumnDef.colname ?? '') : ''
  return existing.includes(name) ? free : cleanup(`${alter} DROP COLUMN IF EXISTS ${quoted(name)}`)
}

function undoConstraint(alter: string, { def }: AlterTableCmd, { before, key }: { readonly before: Catalog; readonly key: string }): Undo {
  const constraint: Constraint | undefined = def !== undefined && 'Constraint' in def ? def.Constraint : undefined
  const relation = before.relations.get(key)
  if (constraint === undefined || relation === undefined) return forwardOnly('its name is not known')
  return cleanup(`${alter} DROP CONSTRAINT IF EXISTS ${quoted(constraintName(constraint, { catalog: before, relation }))}`)
}
