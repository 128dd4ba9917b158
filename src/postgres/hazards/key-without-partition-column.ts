import type { HazardRule } from '../../model/hazard.ts'
import { creationKey, relationKey } from '../names.ts'
import { textsOf, type Constraint, type CreateStmt, type PgNode } from '../node.ts'
import { constraintsOf } from '../facts/add-column.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, constraintIn, listed, type Input } from './_input.ts'

/** A key of a partitioned table leaves out a column by which it is partitioned. */
export const keyWithoutPartitionColumn: HazardRule<PgNode, Topic> = {
  id: 'key-without-partition-column',
  group: 'operations',
  title: 'A key of a partitioned table leaves out a column by which it is partitioned',
  why: 'Each partition has an index of its own, and no index goes through all: the server can keep a PRIMARY KEY or UNIQUE only where the key holds all columns of the partition key, and refuses it otherwise.',
  source:
    'https://www.postgresql.org/docs/current/ddl-partitioning.html#DDL-PARTITIONING-DECLARATIVE-LIMITATIONS; measured on 13 to 18: SQLSTATE 0A000',
  examples: {
    hazardous: [
      'create table m (id int, k int) partition by range (id); alter table m add constraint u unique (k)',
      'create table m (id int, k int) partition by range (id); create unique index on m (k)',
      'create table m (id int primary key, k int) partition by range (k)',
      'create table m (id int, k int) partition by range ((id + 1)); alter table m add primary key (id)',
    ],
    safe: [
      'create table m (id int, k int) partition by range (id); alter table m add constraint u unique (k, id)',
      'create table m (id int, k int) partition by range (id); create index on m (k)',
      'create table m (id int, k int, primary key (k, id)) partition by range (k)',
    ],
  },
  on: ['CreateStmt', 'IndexStmt', 'AT_AddConstraint', 'AT_AddColumn'],
  detect(input) {
    return keysOf(input).flatMap(({ relation, partitionKey, columns }) => {
      const missing = partitionKey
        .filter((column) => column === undefined || !columns.includes(column))
        .map((column) => column ?? 'an expression')
      if (missing.length === 0) return []
      return [
        {
          rule: 'key-without-partition-column',
          severity: 'error' as const,
          message: `${relation} is partitioned by ${listed(missing)}, which the key (${columns.join(', ')}) leaves out: the server refuses it`,
          fix: 'Put the partition key into it, or make it a key of each partition and let the application see to the rest.',
          relation,
          breaksOldApp: false,
        },
      ]
    })
  },
}

interface Key {
  readonly relation: string
  readonly partitionKey: readonly (string | undefined)[]
  readonly columns: readonly string[]
}

function keysOf(input: Input): readonly Key[] {
  const { statement, before } = input
  if ('CreateStmt' in statement.node)
    return createdKeys(statement.node.CreateStmt, creationKey(statement.node.CreateStmt.relation ?? {}, before))
  const indexed = 'IndexStmt' in statement.node && statement.node.IndexStmt.unique === true ? statement.node.IndexStmt : undefined
  const index =
    indexed === undefined ? [] : [{ relation: relationKey(indexed.relation ?? {}, before), columns: keyColumns(indexed.indexParams) }]
  return [...index, ...addedKeys(input)].flatMap(({ relation, columns }) => {
    const partitionKey = before.relations.get(relation)?.partitionKey
    return partitionKey === undefined ? [] : [{ relation, columns, partitionKey }]
  })
}

function addedKeys(input: Input): readonly Omit<Key, 'partitionKey'>[] {
  const alone = actionsOf(input, 'AT_AddConstraint').flatMap((found) => {
    const constraint = constraintIn(found)
    return isKey(constraint) && constraint?.indexname === undefined ? [{ relation: found.key, columns: textsOf(constraint?.keys) }] : []
  })
  const inline = actionsOf(input, 'AT_AddColumn').flatMap((found) =>
    constraintsOf(columnIn(found) ?? {})
      .filter(isKey)
      .map(() => ({ relation: found.key, columns: [columnIn(found)?.colname ?? ''] })),
  )
  return [...alone, ...inline]
}

function createdKeys({ partspec, tableElts = [] }: CreateStmt, relation: string): readonly Key[] {
  if (partspec === undefined) return []
  const partitionKey = (partspec.partParams ?? []).map((node) => ('PartitionElem' in node ? node.PartitionElem.name : undefined))
  const keys = tableElts.flatMap((node) => {
    if ('Constraint' in node) return isKey(node.Constraint) ? [textsOf(node.Constraint.keys)] : []
    return 'ColumnDef' in node
      ? constraintsOf(node.ColumnDef)
          .filter(isKey)
          .map(() => [node.ColumnDef.colname ?? ''])
      : []
  })
  return keys.map((columns) => ({ relation, partitionKey, columns }))
}

function isKey(constraint: Constraint | undefined): boolean {
  return constraint?.contype === 'CONSTR_PRIMARY' || constraint?.contype === 'CONSTR_UNIQUE'
}

function keyColumns(elements: readonly PgNode[] | undefined): readonly string[] {
  return (elements ?? []).flatMap((node) => ('IndexElem' in node ? (node.IndexElem.name ?? []) : []))
}
