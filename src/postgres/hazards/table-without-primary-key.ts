import type { HazardRule } from '../../model/hazard.ts'
import { creationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { leftBy } from './_transaction.ts'

/** A table without a primary key. */
export const tableWithoutPrimaryKey: HazardRule<PgNode, Topic> = {
  id: 'table-without-primary-key',
  group: 'operations',
  title: 'A table without a primary key',
  why: 'Logical replication cannot update or delete rows that it cannot name, change capture and online copies need a key, and a backfill must walk such a table by its pages.',
  source: 'https://www.postgresql.org/docs/current/logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY',
  examples: {
    hazardous: ['create table t (id bigint not null, a int)'],
    safe: [
      'create table t (id bigint primary key, a int)',
      'begin; create table t (id bigint not null, a int); alter table t add primary key (id)',
      'create temp table t (id bigint not null, a int)',
      'create table m (id int primary key) partition by range (id); create table m1 partition of m for values from (0) to (9)',
    ],
  },
  on: ['CreateStmt'],
  detect(input) {
    const { statement, facts, before } = input
    if (!('CreateStmt' in statement.node)) return []
    const key = creationKey(statement.node.CreateStmt.relation ?? {}, before)
    const made = leftBy(input).relations.get(key)
    const isWhole =
      made === undefined || made.schema === 'pg_temp' || made.partitionOf !== undefined || !facts.creates.includes(`table ${key}`)
    if (isWhole || made.constraints.some(({ kind }) => kind === 'primary-key')) return []
    return [
      {
        rule: 'table-without-primary-key',
        severity: 'info',
        message: `${key} has no primary key: logical replication cannot update or delete its rows`,
        fix: 'Give it one now: later it takes a unique index built concurrently, and NOT NULL.',
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}
