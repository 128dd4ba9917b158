import type { HazardRule } from '../../model/hazard.ts'
import { withDescendants } from '../facts/relations.ts'
import { nodesTagged } from '../tree.ts'
import { relationKey } from '../names.ts'
import type { PgNode, RangeVar } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes, sizeOf } from './_input.ts'

/** TRUNCATE CASCADE empties other tables too. */
export const truncateCascade: HazardRule<PgNode, Topic> = {
  id: 'truncate-cascade',
  group: 'data-loss',
  title: 'TRUNCATE CASCADE empties other tables too',
  why: 'CASCADE empties every table that refers to the one named, however far: their rows are gone without being named.',
  source: 'https://www.postgresql.org/docs/current/sql-truncate.html; measured on 13 to 18',
  examples: {
    hazardous: ['create table p (id int primary key); create table c (id int references p); truncate p cascade'],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); truncate t cascade',
      'create table p (id int primary key); create table c (id int references p); truncate p, c',
    ],
  },
  on: ['TruncateStmt'],
  detect({ statement, facts, before }) {
    if (!('TruncateStmt' in statement.node)) return []
    const named = nodesTagged<RangeVar>('RangeVar', statement.node).flatMap((range) => withDescendants(relationKey(range, before), before))
    const emptied = facts.destroys.filter((thing) => thing.startsWith('rows ')).map((thing) => thing.slice('rows '.length))
    const others = oldOnes(emptied, before).filter((key) => !named.includes(key))
    return others.length === 0
      ? []
      : [
          {
            rule: 'truncate-cascade',
            severity: 'error',
            message: `CASCADE empties ${listed(others.map((key) => `${key}${sizeOf(key, before)}`))} too`,
            fix: 'Name each table that is to be emptied, without CASCADE.',
            ...(others[0] !== undefined && { relation: others[0] }),
            breaksOldApp: true,
          },
        ]
  },
}
