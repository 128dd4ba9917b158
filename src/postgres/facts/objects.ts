import type { Catalog } from '../../model/catalog.ts'
import { creationKey, relationKey } from '../names.ts'
import type {
  AlterPolicyStmt,
  AlterPublicationStmt,
  AlterSeqStmt,
  CommentStmt,
  CreatePolicyStmt,
  CreatePublicationStmt,
  CreateSeqStmt,
  CreateStatsStmt,
  CreateTrigStmt,
  DefElem,
  DeleteStmt,
  GrantStmt,
  InsertStmt,
  PgNode,
  RangeVar,
  RuleStmt,
  UpdateStmt,
} from '../node.ts'
import { locksOn, merge, nothing, type Effect } from './effect.ts'
import { withPartitions } from './relations.ts'
import { nameParts, nodesTagged, relationsIn } from '../tree.ts'

/** CREATE TRIGGER blocks writes, not reads; the table that a constraint trigger names with FROM is only looked at. */
export function createTrigger({ relation, constrrel }: CreateTrigStmt, catalog: Catalog): Effect {
  const from = constrrel === undefined ? nothing : locksOn('ACCESS SHARE', [relationKey(constrrel, catalog)])
  return merge(locksOn('SHARE ROW EXCLUSIVE', withPartitions(relationKey(relation ?? {}, catalog), catalog)), from)
}

export function policyOrRule(statement: CreatePolicyStmt | AlterPolicyStmt | RuleStmt, catalog: Catalog): Effect {
  const range = 'table' in statement ? statement.table : 'relation' in statement ? statement.relation : undefined
  const writes = [
    ...nodesTagged<InsertStmt>('InsertStmt', statement),
    ...nodesTagged<UpdateStmt>('UpdateStmt', statement),
    ...nodesTagged<DeleteStmt>('DeleteStmt', statement),
  ]
  const written = writes.map(({ relation }) => relationKey(relation ?? {}, catalog))
  const read = relationsIn({ ...statement, table: undefined, relation: undefined }, catalog)
  return merge(
    locksOn('ACCESS EXCLUSIVE', [relationKey(range ?? {}, catalog)]),
    locksOn('ROW EXCLUSIVE', written),
    locksOn('ACCESS SHARE', read),
  )
}

/** COMMENT ON a table or column keeps other DDL off it; on what stands on a table only looks. */
export function comment({ objtype, object }: CommentStmt, catalog: Catalog): Effect {
  const parts = nameParts(object)
  const isTable =
    objtype === 'OBJECT_TABLE' ||
    objtype === 'OBJECT_VIEW' ||
    objtype === 'OBJECT_MATVIEW' ||
    objtype === 'OBJECT_SEQUENCE' ||
    objtype === 'OBJECT_FOREIGN_TABLE'
  if (isTable) return locksOn('SHARE UPDATE EXCLUSIVE', [relationKey(parts, catalog)])
  if (objtype === 'OBJECT_COLUMN') return locksOn('SHARE UPDATE EXCLUSIVE', [relationKey(parts.slice(0, -1), catalog)])
  const onTable =
    objtype === 'OBJECT_TABCONSTRAINT' || objtype === 'OBJECT_TRIGGER' || objtype === 'OBJECT_POLICY' || objtype === 'OBJECT_RULE'
  return onTable ? locksOn('ACCESS SHARE', [relationKey(parts.slice(0, -1), catalog)]) : nothing
}

/** GRANT and REVOKE lock nothing up to 17, and ACCESS SHARE from 18 on. */
export function grant(statement: GrantStmt, catalog: Catalog): Effect {
  if (catalog.server.version < 18) return nothing
  if (statement.objtype !== 'OBJECT_TABLE' && statement.objtype !== 'OBJECT_SEQUENCE') return nothing
  if (statement.targtype === 'ACL_TARGET_ALL_IN_SCHEMA') return nothing
  return locksOn(
    'ACCESS SHARE',
    rangesOf(statement.objects).map((range) => relationKey(range, catalog)),
  )
}

export function createStatistics({ relations }: CreateStatsStmt, catalog: Catalog): Effect {
  return locksOn(
    'SHARE UPDATE EXCLUSIVE',
    rangesOf(relations).map((range) => relationKey(range, catalog)),
  )
}

/** The tables named are locked against other DDL; FOR ALL TABLES and IN SCHEMA lock none. */
export function publication(statement: CreatePublicationStmt | AlterPublicationStmt, catalog: Catalog): Effect {
  const { pubobjects, pubname } = statement
  const ranges = (pubobjects ?? []).flatMap((node): RangeVar[] =>
    'PublicationObjSpec' in node && node.PublicationObjSpec.pubtable?.relation !== undefined
      ? [node.PublicationObjSpec.pubtable.relation]
      : [],
  )
  const replaces = 'action' in statement && statement.action === 'AP_SetObjects'
  const left = replaces
    ? [...catalog.relations].filter(([, relation]) => relation.publications.includes(pubname ?? '')).map(([key]) => key)
    : []
  return locksOn('SHARE UPDATE EXCLUSIVE', [...left, ...ranges.map((range) => relationKey(range, catalog))])
}

/** ALTER SEQUENCE makes nextval() wait; the table of OWNED BY is only looked at. */
export function alterSequence({ sequence, options, missing_ok }: AlterSeqStmt, catalog: Catalog): Effect {
  const key = relationKey(sequence ?? {}, catalog)
  if (missing_ok === true && catalog.knowledge === 'whole' && !catalog.relations.has(key)) return nothing
  return merge(locksOn('SHARE ROW EXCLUSIVE', [key]), ownerOf(options, catalog))
}

export function createSequence({ sequence, options }: CreateSeqStmt, catalog: Catalog): Effect {
  return merge({ creates: [`sequence ${creationKey(sequence ?? {}, catalog)}`] }, ownerOf(options, catalog))
}

function ownerOf(options: readonly PgNode[] | undefined, catalog: Catalog): Effect {
  const owned = (options ?? []).flatMap((node): DefElem[] =>
    'DefElem' in node && node.DefElem.defname === 'owned_by' ? [node.DefElem] : [],
  )[0]
  const parts = nameParts(owned?.arg)
  return parts.length < 2 ? nothing : locksOn('ACCESS SHARE', [relationKey(parts.slice(0, -1), catalog)])
}

function rangesOf(nodes: readonly PgNode[] | undefined): readonly RangeVar[] {
  return (nodes ?? []).flatMap((node) => ('RangeVar' in node ? [node.RangeVar] : []))
}
