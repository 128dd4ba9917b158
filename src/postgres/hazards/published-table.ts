import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, isOld, listed, type Input } from './_input.ts'

/** The table is published to subscribers. */
export const publishedTable: HazardRule<PgNode, Topic> = {
  id: 'published-table',
  group: 'operations',
  title: 'The table is published to subscribers',
  why: 'A subscriber does not get schema changes: rows with a column that it lacks, or of another type or name, stop its replication. It must get the change first.',
  source: 'https://www.postgresql.org/docs/current/logical-replication-restrictions.html',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t add column z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for all tables; alter table t rename column a to z',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t rename to t2',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create publication pub for table t; alter table t alter column a set default 5',
    ],
  },
  on: ['RenameStmt', 'AT_AddColumn', 'AT_AlterColumnType'],
  detect(input) {
    const { before } = input
    const changed = actionsOf(input, 'AT_AddColumn', 'AT_AlterColumnType').map(({ key }) => key)
    return [...changed, ...renamed(input)].flatMap((key) => {
      const publications = before.relations.get(key)?.publications ?? []
      if (publications.length === 0 || !isOld(key, before)) return []
      return [
        {
          rule: 'published-table',
          severity: 'error' as const,
          message: `${key} is published (${listed(publications)}): subscribers stop at the first row that does not fit their table`,
          fix: 'Make the change on every subscriber first, then allow it here by name.',
          relation: key,
          breaksOldApp: false,
        },
      ]
    })
  },
}

function renamed({ statement: { node }, before }: Input): readonly string[] {
  if (!('RenameStmt' in node) || (node.RenameStmt.renameType !== 'OBJECT_COLUMN' && node.RenameStmt.renameType !== 'OBJECT_TABLE'))
    return []
  return [relationKey(node.RenameStmt.relation ?? {}, before)]
}
