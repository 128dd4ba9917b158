import type { Catalog } from '../model/catalog.ts'
import type { Facts } from '../model/facts.ts'
import type { Statement } from '../model/statement.ts'
import { alterTable } from './facts/alter-table.ts'
import { createTable } from './facts/create-table.ts'
import { drop } from './facts/drop.ts'
import { nothing, predictedFacts, type Effect } from './facts/effect.ts'
import { createIndex, reindex } from './facts/indexes.ts'
import { cluster, lockTable, truncate, vacuum } from './facts/maintenance.ts'
import {
  alterSequence,
  comment,
  createSequence,
  createStatistics,
  createTrigger,
  grant,
  policyOrRule,
  publication,
} from './facts/objects.ts'
import { copy, insert, mergeInto, remove, select, update } from './facts/queries.ts'
import { rename, setOwner, setSchema } from './facts/rename.ts'
import { nameParts, optionOf, statementsIn } from './tree.ts'
import { alterDomain, createDomain, createEnum } from './facts/types.ts'
import { createTableAs, createView, refresh } from './facts/views.ts'
import type { CreateFunctionStmt, PgNode } from './node.ts'

/**
 * What a statement locks, reads, rewrites, creates and destroys, predicted from its tree, the catalog that it finds and the
 * server's version. Held against servers 13 to 18 by test/postgres/lock-matrix.test.ts.
 */
export function facts(statement: Statement<PgNode>, catalog: Catalog): Facts {
  return predictedFacts(effectOf(statement.node, catalog))
}

type Bodies = { readonly [Tag in TagOf<PgNode>]?: (body: BodyOf<PgNode, Tag>, catalog: Catalog) => Effect }
type TagOf<Node> = Node extends unknown ? keyof Node & string : never
type BodyOf<Node, Tag extends string> = Node extends { readonly [tag in Tag]: infer Body } ? Body : never

const families: Bodies = {
  AlterTableStmt: alterTable,
  CreateStmt: createTable,
  CreateForeignTableStmt: (body, catalog) => (body.base === undefined ? nothing : createTable(body.base, catalog)),
  DropStmt: drop,
  IndexStmt: createIndex,
  ReindexStmt: reindex,
  RenameStmt: rename,
  AlterObjectSchemaStmt: setSchema,
  AlterOwnerStmt: setOwner,
  TruncateStmt: truncate,
  LockStmt: lockTable,
  VacuumStmt: vacuum,
  ClusterStmt: cluster,
  CreateTrigStmt: createTrigger,
  CreatePolicyStmt: policyOrRule,
  AlterPolicyStmt: policyOrRule,
  RuleStmt: policyOrRule,
  CommentStmt: comment,
  GrantStmt: grant,
  CreateStatsStmt: createStatistics,
  CreatePublicationStmt: publication,
  AlterPublicationStmt: publication,
  AlterSeqStmt: alterSequence,
  CreateSeqStmt: createSequence,
  AlterDomainStmt: alterDomain,
  CreateEnumStmt: createEnum,
  CreateDomainStmt: createDomain,
  ViewStmt: createView,
  CreateTableAsStmt: createTableAs,
  RefreshMatViewStmt: refresh,
  SelectStmt: select,
  InsertStmt: insert,
  UpdateStmt: update,
  DeleteStmt: remove,
  MergeStmt: mergeInto,
  CopyStmt: copy,
  CreateSchemaStmt: (body) => ({
    creates: [`schema ${body.schemaname ?? ''}`],
    conditions: (body.schemaElts ?? []).length > 0 ? ['what the schema is created with is not looked into'] : [],
  }),
  CreateFunctionStmt: createFunction,
  DoStmt: () => opaque('a DO block'),
  CallStmt: () => opaque('a procedure'),
  ExecuteStmt: () => opaque('a prepared statement'),
  AlterExtensionStmt: () => opaque('an extension script'),
  DropOwnedStmt: () => ({ conditions: ['all relations of the role are locked (ACCESS EXCLUSIVE) and dropped'] }),
  AlterTableMoveAllStmt: () => ({ conditions: ['each relation of the tablespace is locked (ACCESS EXCLUSIVE) and copied'] }),
  ExplainStmt: (body, catalog) =>
    optionOf(body.options, 'analyze') === true && body.query !== undefined ? effectOf(body.query, catalog) : nothing,
  CreatedbStmt: () => alone,
  DropdbStmt: () => alone,
  AlterDatabaseStmt: (body) => (optionOf(body.options, 'tablespace') === undefined ? nothing : alone),
  CreateTableSpaceStmt: () => alone,
  DropTableSpaceStmt: () => alone,
  AlterSystemStmt: () => alone,
  CreateSubscriptionStmt: (body) =>
    optionOf(body.options, 'connect') === false || optionOf(body.options, 'create_slot') === false ? nothing : alone,
  DropSubscriptionStmt: () => alone,
}

/** The server reads the body of an SQL function when it is made, and looks at its tables (check_function_bodies). */
function createFunction({ options }: CreateFunctionStmt, catalog: Catalog): Effect {
  const [body] = (options ?? []).flatMap((node) => ('DefElem' in node && node.DefElem.defname === 'as' ? nameParts(node.DefElem.arg) : []))
  if (optionOf(options, 'language') !== 'sql' || body === undefined) return nothing
  return { locks: predictedFacts(...statementsIn(body).map((node) => effectOf(node, catalog))).locks }
}

const alone: Effect = { alone: true }

function opaque(what: string): Effect {
  return { conditions: [`${what} is not looked into`] }
}

function effectOf(node: PgNode, catalog: Catalog): Effect {
  const [entry] = Object.entries(node)
  if (entry === undefined) return nothing
  const family = (families as { readonly [tag: string]: ((body: unknown, catalog: Catalog) => Effect) | undefined })[entry[0]]
  return family === undefined ? nothing : family(entry[1], catalog)
}
