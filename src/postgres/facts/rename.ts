import type { Catalog } from '../../model/catalog.ts'
import { findIndex, relationKey } from '../names.ts'
import type { AlterObjectSchemaStmt, AlterOwnerStmt, ObjectType, RenameStmt } from '../node.ts'
import { locksOn, nothing, type Effect } from './effect.ts'
import { ownedSequences, withDescendants } from './relations.ts'

/** RENAME of a table, a column or what stands on one: brief, but ACCESS EXCLUSIVE. An index is renamed without its table. */
export function rename(statement: RenameStmt, catalog: Catalog): Effect {
  const { renameType, relation } = statement
  if (relation === undefined || renameType === undefined || renameType === 'OBJECT_INDEX') return nothing
  const key = relationKey(relation, catalog)
  if (findIndex(relation, catalog) !== undefined || isAbsent(key, statement.missing_ok, catalog)) return nothing
  const deep = renameType === 'OBJECT_COLUMN' || renameType === 'OBJECT_TABCONSTRAINT'
  const tables = deep && relation.inh === true ? withDescendants(key, catalog) : [key]
  return locksOn('ACCESS EXCLUSIVE', tables)
}

function isAbsent(key: string, missingOk: boolean | undefined, catalog: Catalog): boolean {
  return missingOk === true && catalog.knowledge === 'whole' && !catalog.relations.has(key)
}

/** SET SCHEMA of a relation takes its sequences along. */
export function setSchema({ relation, missing_ok }: AlterObjectSchemaStmt, catalog: Catalog): Effect {
  if (relation === undefined) return nothing
  const key = relationKey(relation, catalog)
  return isAbsent(key, missing_ok, catalog) ? nothing : locksOn('ACCESS EXCLUSIVE', [key, ...ownedSequences(key, catalog)])
}

const tableKinds: ReadonlySet<ObjectType> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_SEQUENCE',
  'OBJECT_FOREIGN_TABLE',
])

/** ALTER ... OWNER TO of objects that are no relations locks no table. */
export function setOwner({ objectType, relation }: AlterOwnerStmt, catalog: Catalog): Effect {
  return relation !== undefined && objectType !== undefined && tableKinds.has(objectType)
    ? locksOn('ACCESS EXCLUSIVE', [relationKey(relation, catalog)])
    : nothing
}
