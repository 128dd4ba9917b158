import type { HazardRule } from '../../model/hazard.ts'
import { nodesTagged } from '../tree.ts'
import { relationKey } from '../names.ts'
import type { PgNode, RangeVar } from '../node.ts'
import type { Topic } from '../topics.ts'
import { oldOnes, sizeOf, waiting } from './_input.ts'

/** TRUNCATE empties the table under ACCESS EXCLUSIVE. */
export const truncate: HazardRule<PgNode, Topic> = {
  id: 'truncate',
  group: 'data-loss',
  title: 'TRUNCATE empties the table under ACCESS EXCLUSIVE',
  why: 'All rows are gone, and while the lock is waited for and held, all reads and writes of the table wait.',
  source: 'https://www.postgresql.org/docs/current/sql-truncate.html; measured on 13 to 18',
  examples: {
    hazardous: ['create table t (id bigint primary key, a int, b text, c varchar(10)); truncate t'],
    safe: [
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); truncate t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); delete from t where id = 1',
    ],
  },
  on: ['TruncateStmt'],
  detect({ statement, facts, before }) {
    if (!('TruncateStmt' in statement.node)) return []
    const named = nodesTagged<RangeVar>('RangeVar', statement.node).map((range) => relationKey(range, before))
    return oldOnes(named, before).map((key) => ({
      rule: 'truncate',
      severity: 'error',
      message: `all rows of ${key}${sizeOf(key, before)} go, and ${waiting(facts, key)} to it wait`,
      fix: 'Delete the rows in batches, or allow it if nobody needs the table.',
      relation: key,
      breaksOldApp: true,
    }))
  },
}
