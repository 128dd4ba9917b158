import type { Catalog } from '../model/catalog.ts'
import type { Statement } from '../model/statement.ts'
import type { CreateSchemaStmt, PgNode } from './node.ts'
import type { Source } from './source.ts'
import { alterTable } from './simulate/alter-table.ts'
import { createForeignTable, createTable } from './simulate/create-table.ts'
import { createTableAs, createView } from './simulate/create-view.ts'
import { drop, truncate } from './simulate/drop.ts'
import { each, LazySource } from './simulate/edit.ts'
import { alterFunction, createFunction } from './simulate/functions.ts'
import { createIndex } from './simulate/indexes.ts'
import {
  alterPublication,
  alterSequence,
  changeOwner,
  createExtension,
  createPublication,
  createSequence,
  createTrigger,
} from './simulate/others.ts'
import { alterPolicy, createPolicy } from './simulate/policies.ts'
import { rename, setSchema } from './simulate/rename.ts'
import { callSetConfig, setVariable } from './simulate/settings.ts'
import { alterDomain, alterEnum, createComposite, createDomain, createEnum, createRange, defineObject } from './simulate/types.ts'

/**
 * The catalog after a statement that succeeds. What would fail (no such table, name taken), what the catalog does not hold
 * and what cannot be foreseen (DO, functions with side effects) leaves it as it is. Needs the parser to be loaded.
 */
export function simulate(statement: Statement<PgNode>, catalog: Catalog): Catalog {
  return effectOf(statement.node, catalog, new LazySource(statement.sql, statement.node))
}

function effectOf(node: PgNode, catalog: Catalog, source: Source): Catalog {
  if ('CreateStmt' in node) return createTable(node.CreateStmt, catalog, source)
  if ('AlterTableStmt' in node) return alterTable(node.AlterTableStmt, catalog, source)
  if ('IndexStmt' in node) return createIndex(node.IndexStmt, catalog, source)
  if ('CreateForeignTableStmt' in node) return createForeignTable(node.CreateForeignTableStmt.base ?? {}, catalog, source)
  if ('CreateSchemaStmt' in node) return createSchema(node.CreateSchemaStmt, catalog, source)
  return relationEffect(node, catalog) ?? typeEffect(node, catalog) ?? otherEffect(node, catalog) ?? catalog
}

function relationEffect(node: PgNode, catalog: Catalog): Catalog | undefined {
  if ('CreateTableAsStmt' in node) return createTableAs(node.CreateTableAsStmt, catalog)
  if ('ViewStmt' in node) return createView(node.ViewStmt, catalog)
  if ('DropStmt' in node) return drop(node.DropStmt, catalog)
  if ('RenameStmt' in node) return rename(node.RenameStmt, catalog)
  if ('TruncateStmt' in node) return truncate(node.TruncateStmt, catalog)
  if ('AlterObjectSchemaStmt' in node) return setSchema(node.AlterObjectSchemaStmt, catalog)
  if ('AlterOwnerStmt' in node) return changeOwner(node.AlterOwnerStmt, catalog)
  if ('CreateSeqStmt' in node) return createSequence(node.CreateSeqStmt, catalog)
  if ('AlterSeqStmt' in node) return alterSequence(node.AlterSeqStmt, catalog)
  if ('CreateTrigStmt' in node) return createTrigger(node.CreateTrigStmt, catalog)
  return undefined
}

function typeEffect(node: PgNode, catalog: Catalog): Catalog | undefined {
  if ('CreateEnumStmt' in node) return createEnum(node.CreateEnumStmt, catalog)
  if ('AlterEnumStmt' in node) return alterEnum(node.AlterEnumStmt, catalog)
  if ('CreateDomainStmt' in node) return createDomain(node.CreateDomainStmt, catalog)
  if ('AlterDomainStmt' in node) return alterDomain(node.AlterDomainStmt, catalog)
  if ('CompositeTypeStmt' in node) return createComposite(node.CompositeTypeStmt, catalog)
  if ('CreateRangeStmt' in node) return createRange(node.CreateRangeStmt, catalog)
  if ('DefineStmt' in node) return defineObject(node.DefineStmt, catalog)
  return undefined
}

function otherEffect(node: PgNode, catalog: Catalog): Catalog | undefined {
  if ('CreateFunctionStmt' in node) return createFunction(node.CreateFunctionStmt, catalog)
  if ('AlterFunctionStmt' in node) return alterFunction(node.AlterFunctionStmt, catalog)
  if ('CreateExtensionStmt' in node) return createExtension(node.CreateExtensionStmt, catalog)
  if ('CreatePublicationStmt' in node) return createPublication(node.CreatePublicationStmt, catalog)
  if ('AlterPublicationStmt' in node) return alterPublication(node.AlterPublicationStmt, catalog)
  if ('CreatePolicyStmt' in node) return createPolicy(node.CreatePolicyStmt, catalog)
  if ('AlterPolicyStmt' in node) return alterPolicy(node.AlterPolicyStmt, catalog)
  if ('VariableSetStmt' in node) return setVariable(node.VariableSetStmt, catalog)
  if ('SelectStmt' in node) return select(node, catalog)
  return undefined
}

// SELECT INTO is an old spelling of CREATE TABLE AS.
function select(node: Extract<PgNode, { SelectStmt: unknown }>, catalog: Catalog): Catalog {
  const { intoClause } = node.SelectStmt
  return intoClause === undefined ? callSetConfig(node.SelectStmt, catalog) : createTableAs({ into: intoClause, query: node }, catalog)
}

// Its elements are statements of their own, with unqualified names in the new schema.
function createSchema(statement: CreateSchemaStmt, catalog: Catalog, source: Source): Catalog {
  const elements = statement.schemaElts ?? []
  if (elements.length === 0) return catalog
  const inside = { ...catalog, searchPath: [statement.schemaname ?? '', ...catalog.searchPath] }
  return { ...each(inside, elements, (changed, element) => effectOf(element, changed, source)), searchPath: catalog.searchPath }
}
