import type { Catalog } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { isOld, listed, sizeOf } from './_input.ts'
import { leftBy } from './_transaction.ts'
import { addedForeignKeys, type AddedForeignKey } from './_foreign-keys.ts'

/** Deleting a row that is referred to reads the whole referring table. */
export const foreignKeyWithoutIndex: HazardRule<PgNode> = {
  id: 'foreign-key-without-index',
  group: 'operations',
  title: 'Deleting a row that is referred to reads the whole referring table',
  why: 'For each row that is deleted from the table referred to, or whose key changes, the server looks for rows that refer to it. Without an index whose first columns are those of the foreign key it reads all of the referring table, once for each row, while the row stays locked.',
  source: 'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-FK',
  examples: {
    hazardous: [
      'create table p (id int primary key); create table t (id bigint primary key, a int); alter table t add constraint f foreign key (a) references p not valid',
      'create table p (id int primary key); create table t (id int); create index on t (id) where id > 5; alter table t add constraint f foreign key (id) references p not valid',
      'create table p (id int primary key); begin; create table t (id bigint primary key, a int references p)',
    ],
    safe: [
      'create table p (id int primary key); create table t (id bigint primary key, a int); create index on t (a, id); alter table t add constraint f foreign key (a) references p not valid',
      'create table p (id int primary key); create table t (id int primary key references p)',
      'begin; create table p (id int primary key); create table t (id bigint primary key, a int references p)',
    ],
  },
  on: ['CreateStmt', 'AT_AddConstraint', 'AT_AddColumn'],
  detect(input) {
    const added = addedForeignKeys(input).filter(({ foreignKey }) => isOld(foreignKey.references, input.before))
    if (added.length === 0) return []
    const after = leftBy(input)
    return added
      .filter((each) => !isIndexed(each, after))
      .map(({ key, foreignKey: { columns, references } }) => ({
        rule: 'foreign-key-without-index',
        severity: 'info',
        message: `no index of ${key} begins with ${listed(columns)}: each row deleted from ${references}${sizeOf(references, input.before)} reads all of ${key}`,
        fix: `Build an index on (${columns.join(', ')}) first, concurrently, unless rows of ${references} are never deleted and keep their keys.`,
        relation: key,
        breaksOldApp: false,
      }))
  },
}

function isIndexed({ key, foreignKey: { columns } }: AddedForeignKey, catalog: Catalog): boolean {
  const indexes = catalog.relations.get(key)?.indexes ?? []
  return indexes.some(({ valid, partial, method, columns: indexed }) => {
    const first = indexed.slice(0, columns.length)
    return valid && !partial && (method === 'btree' || method === 'hash') && columns.every((column) => first.includes(column))
  })
}
