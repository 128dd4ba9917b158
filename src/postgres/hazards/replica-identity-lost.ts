import type { Catalog, Relation } from '../../model/catalog.ts'
import type { HazardRule, Judged } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import type { Topic } from '../topics.ts'
import { isOld, listed } from './_input.ts'

/** Updates and deletes of a published table fail. */
export const replicaIdentityLost: HazardRule<PgNode, Topic> = {
  id: 'replica-identity-lost',
  group: 'compatibility',
  title: 'Updates and deletes of a published table fail',
  why: 'A subscriber finds the row that was changed by its replica identity: the primary key, an index that was named for it, or the whole row (FULL). While a table that is published has none, the server refuses each UPDATE and DELETE on it (55000).',
  source:
    'https://www.postgresql.org/docs/current/logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t drop constraint t_pkey',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t drop column id',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t replica identity nothing',
      'create table n (id int not null unique); alter table n replica identity using index n_id_key; create publication pub for table n; alter table n drop constraint n_id_key',
      'create table n (id int); create publication pub for all tables',
      'create table n (id int); create publication pub for table n',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; begin; alter table t drop constraint t_pkey, add primary key (id)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop constraint t_pkey',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t replica identity full; create publication pub for table t; alter table t drop constraint t_pkey',
      "create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t with (publish = 'insert'); alter table t drop constraint t_pkey",
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t replica identity full',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t',
    ],
  },
  on: ['AlterTableStmt', 'DropStmt', 'CreatePublicationStmt', 'AlterPublicationStmt'],
  detect({ statement, before, transaction }) {
    const published = (before.publications ?? []).length > 0 || statement.kind === 'CreatePublicationStmt'
    if (!published || !kinds.has(statement.kind)) return []
    const after = simulate(statement, before)
    if (after.relations === before.relations) return []
    const lost = [...after.relations].filter(
      ([key, relation]) =>
        relation !== before.relations.get(key) &&
        isOld(key, before) &&
        isMute(relation, after) &&
        !isMute(before.relations.get(key), before) &&
        isMute(atEnd(transaction, after).relations.get(key), after),
    )
    return lost.map(([key, relation]) => ({
      rule: 'replica-identity-lost',
      severity: 'error',
      message: `${key} is published (${listed(passedOnBy(relation, after))}) and has no replica identity from then on: each UPDATE and DELETE on it fails`,
      fix: 'Give it a primary key, or REPLICA IDENTITY USING INDEX on a unique index without NULLs, or FULL, before.',
      relation: key,
      breaksOldApp: true,
    }))
  },
}

const kinds: ReadonlySet<string> = new Set(['AlterTableStmt', 'DropStmt', 'CreatePublicationStmt', 'AlterPublicationStmt'])

/** Whether subscribers would have to be told of a change that the server cannot describe. */
function isMute(relation: Relation | undefined, catalog: Catalog): boolean {
  return relation?.kind === 'table' && passedOnBy(relation, catalog).length > 0 && !isIdentified(relation)
}

function isIdentified({ replicaIdentity: identity, constraints, indexes }: Relation): boolean {
  if (identity === undefined) return constraints.some(({ kind }) => kind === 'primary-key')
  return identity === 'full' || (identity === 'index' && indexes.some(({ identifiesRows }) => identifiesRows === true))
}

/** Nobody else sees what the transaction has mended by its end. */
function atEnd(transaction: readonly Judged<PgNode>[], after: Catalog): Catalog {
  const last = transaction.at(-1)
  return last === undefined ? after : simulate(last.statement, last.before)
}

/** The publications that pass its updates or deletes on. */
function passedOnBy({ publications }: Relation, catalog: Catalog): readonly string[] {
  const insertsOnly = (catalog.publications ?? []).filter((one) => one.insertsOnly === true).map(({ name }) => name)
  return publications.filter((name) => !insertsOnly.includes(name))
}
