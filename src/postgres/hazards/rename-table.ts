import type { HazardRule } from '../../model/hazard.ts'
import type { Catalog } from '../../model/catalog.ts'
import { findIndex, relationKey } from '../names.ts'
import type { AlterObjectSchemaStmt, ObjectType, PgNode, RenameStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import type { Topic } from '../topics.ts'
import { isOld } from './_input.ts'

/** The running application does not know the new name. */
export const renameTable: HazardRule<PgNode, Topic> = {
  id: 'rename-table',
  group: 'compatibility',
  title: 'The running application does not know the new name',
  why: 'A table, view or sequence that is renamed or moved to another schema is gone under its old name at once: queries of the application that still runs fail.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t rename to t2',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create schema s; alter table t set schema s',
      'create schema s; create table s.t (id int); alter schema s rename to s2',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id from t; alter view v rename to w',
    ],
    safe: [
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t rename to t2',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter index t_pkey rename to pk',
    ],
  },
  on: ['RenameStmt', 'AlterObjectSchemaStmt'],
  detect({ statement: { node }, before }) {
    return renamed(node, before)
      .filter(({ key }) => isOld(key, before))
      .map(({ key, to }) => ({
        rule: 'rename-table',
        severity: 'error',
        message: `${key} is called ${to} from then on: queries of the running application on ${key} fail`,
        fix: 'Leave a view of the old name behind, move the application over, then drop the view.',
        relation: key,
        rewrite: 'rename-table',
        breaksOldApp: true,
      }))
  },
}

const kinds: ReadonlySet<ObjectType> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE', 'OBJECT_FOREIGN_TABLE'])

interface Renamed {
  readonly key: string
  readonly to: string
}

function renamed(node: PgNode, catalog: Catalog): readonly Renamed[] {
  if ('AlterObjectSchemaStmt' in node) return moved(node.AlterObjectSchemaStmt, catalog)
  return 'RenameStmt' in node ? underNewName(node.RenameStmt, catalog) : []
}

function underNewName({ renameType, relation, subname = '', newname = '' }: RenameStmt, catalog: Catalog): readonly Renamed[] {
  if (renameType === 'OBJECT_SCHEMA') return inSchema(subname, newname, catalog)
  if (renameType === undefined || relation === undefined || !kinds.has(renameType) || findIndex(relation, catalog) !== undefined) return []
  const key = relationKey(relation, catalog)
  return [{ key, to: postgresDialect.name(catalog.relations.get(key)?.schema ?? relation.schemaname ?? 'public', newname) }]
}

function moved({ relation, newschema = '' }: AlterObjectSchemaStmt, catalog: Catalog): readonly Renamed[] {
  if (relation === undefined) return []
  return [{ key: relationKey(relation, catalog), to: postgresDialect.name(newschema, relation.relname ?? '') }]
}

function inSchema(schema: string, newName: string, catalog: Catalog) {
  return [...catalog.relations]
    .filter(([, relation]) => relation.schema === schema && relation.kind !== 'sequence')
    .map(([key, { name }]) => ({ key, to: postgresDialect.name(newName, name) }))
}
