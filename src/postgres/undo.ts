import type { Catalog } from '../model/catalog.ts'
import type { Judged } from '../model/hazard.ts'
import type { Undo } from '../model/plan.ts'
import { nameParts } from './tree.ts'
import { creationKey, findRelation, relationKey } from './names.ts'
import { textsOf, type CreateFunctionStmt, type DropStmt, type IndexStmt, type PgNode, type RangeVar } from './node.ts'
import { chooseIndexName } from './object-names.ts'
import { postgresDialect } from './quote.ts'
import { cleanup, free } from './rewrites/_step.ts'
import { undoAlter } from './undo-alter.ts'

const { name: quoted } = postgresDialect

/**
 * What `abort` does about a statement that ran as it was written: what was added is dropped, what is gone or changed cannot come
 * back. `start` is what its migration finds: what is done to a table or a column of the migration itself goes with that.
 */
export function undoOf({ statement, before }: Judged<PgNode>, start: Catalog): Undo {
  const { node } = statement
  if (isOnOwnTable(node, before, start)) return free
  if ('AlterTableStmt' in node) return undoAlter(node.AlterTableStmt, before, start)
  for (const [tag, body] of Object.entries(node)) {
    const undo = undos[tag as keyof Bodies] as ((body: unknown, before: Catalog) => Undo) | undefined
    if (undo !== undefined) return undo(body, before)
  }
  return forwardOnly(`lockkeeper does not know how to take back ${statement.kind}`)
}

function isOnOwnTable(node: PgNode, before: Catalog, start: Catalog): boolean {
  const [body] = Object.values<{ readonly relation?: RangeVar }>(node as { readonly [tag: string]: object })
  const key = body?.relation === undefined ? undefined : relationKey(body.relation, before)
  return key !== undefined && before.relations.has(key) && !start.relations.has(key)
}

function forwardOnly(why: string): Undo {
  return { kind: 'forward-only', why }
}

type Bodies = { readonly [Tag in TagOf<PgNode>]?: (body: BodyOf<PgNode, Tag>, before: Catalog) => Undo }
type TagOf<Node> = Node extends unknown ? keyof Node & string : never
type BodyOf<Node, Tag extends string> = Node extends { readonly [tag in Tag]: infer Body } ? Body : never

const leavesNothing = (): Undo => free
const changesRows = (): Undo => forwardOnly('rows were changed, and nothing keeps what they held before')

const undos: Bodies = {
  CreateStmt: (body, before) => dropRelation('TABLE', body.relation, before),
  CreateTableAsStmt: (body, before) =>
    dropRelation(body.objtype === 'OBJECT_MATVIEW' ? 'MATERIALIZED VIEW' : 'TABLE', body.into?.rel, before),
  ViewStmt: (body, before) => dropRelation('VIEW', body.view, before),
  CreateSeqStmt: (body, before) => dropRelation('SEQUENCE', body.sequence, before),
  IndexStmt: undoIndex,
  CreateEnumStmt: (body, before) => dropIfExists('TYPE', creationKey(body.typeName ?? [], before)),
  CreateDomainStmt: (body, before) => dropIfExists('DOMAIN', creationKey(body.domainname ?? [], before)),
  CompositeTypeStmt: (body, before) => dropIfExists('TYPE', creationKey(body.typevar ?? {}, before)),
  CreateRangeStmt: (body, before) => dropIfExists('TYPE', creationKey(body.typeName ?? [], before)),
  CreateSchemaStmt: (body) => (body.if_not_exists === true ? free : dropIfExists('SCHEMA', quoted(body.schemaname ?? ''))),
  CreateExtensionStmt: (body) => (body.if_not_exists === true ? free : dropIfExists('EXTENSION', quoted(body.extname ?? ''))),
  CreateFunctionStmt: undoFunction,
  CreateTrigStmt: (body, before) =>
    body.replace === true
      ? forwardOnly('its former body is not kept')
      : cleanup(`DROP TRIGGER IF EXISTS ${quoted(body.trigname ?? '')} ON ${relationKey(body.relation ?? {}, before)}`),
  CreatePolicyStmt: (body, before) =>
    cleanup(`DROP POLICY IF EXISTS ${quoted(body.policy_name ?? '')} ON ${relationKey(body.table ?? {}, before)}`),
  CreateStatsStmt: (body) =>
    body.defnames === undefined ? forwardOnly('its name is not known') : dropIfExists('STATISTICS', quoted(...textsOf(body.defnames))),
  CreatePublicationStmt: (body) => dropIfExists('PUBLICATION', quoted(body.pubname ?? '')),
  DropStmt: undoDrop,
  AlterEnumStmt: () => forwardOnly('a value of an enum cannot be taken away'),
  InsertStmt: changesRows,
  UpdateStmt: changesRows,
  DeleteStmt: changesRows,
  MergeStmt: changesRows,
  CopyStmt: changesRows,
  TruncateStmt: changesRows,
  CommentStmt: leavesNothing,
  GrantStmt: leavesNothing,
  GrantRoleStmt: leavesNothing,
  AlterDefaultPrivilegesStmt: leavesNothing,
  VacuumStmt: leavesNothing,
  SelectStmt: leavesNothing,
  VariableSetStmt: leavesNothing,
  VariableShowStmt: leavesNothing,
  LockStmt: leavesNothing,
  ConstraintsSetStmt: leavesNothing,
  PrepareStmt: leavesNothing,
  DeallocateStmt: leavesNothing,
}

function undoFunction(body: CreateFunctionStmt, before: Catalog): Undo {
  const key = creationKey(body.funcname ?? [], before)
  if (before.functions.has(key)) return forwardOnly(`${key} may have been replaced, and its former body is not known`)
  return dropIfExists(body.is_procedure === true ? 'PROCEDURE' : 'FUNCTION', key)
}

// DROP TABLE IF EXISTS of nothing.
function undoDrop(drop: DropStmt, before: Catalog): Undo {
  const isNothing =
    drop.removeType === 'OBJECT_TABLE' &&
    (drop.objects ?? []).every((object) => !before.relations.has(relationKey(nameParts(object), before)))
  return drop.missing_ok === true && isNothing ? free : forwardOnly('what was dropped cannot be brought back')
}

function dropRelation(kind: string, range: RangeVar | undefined, before: Catalog): Undo {
  const key = creationKey(range ?? {}, before)
  if (range?.relpersistence === 't') return free
  return before.relations.has(key) ? forwardOnly(`${key} was there before`) : dropIfExists(kind, key)
}

function dropIfExists(kind: string, key: string): Undo {
  return cleanup(`DROP ${kind} IF EXISTS ${key}`)
}

function undoIndex(index: IndexStmt, before: Catalog): Undo {
  const relation = findRelation(index.relation ?? {}, before)
  if (relation === undefined) return forwardOnly('its table is not known')
  const name = index.idxname ?? chooseIndexName({ catalog: before, relation }, index)
  if (relation.indexes.some((found) => found.name === name)) return free
  const how = relation.kind === 'partitioned' ? '' : ' CONCURRENTLY'
  return cleanup(`DROP INDEX${how} IF EXISTS ${quoted(relation.schema, name)}`)
}
