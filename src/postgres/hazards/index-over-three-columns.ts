import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'

/** An index of many columns is rarely used beyond the first ones. */
export const indexOverThreeColumns: HazardRule<PgNode, Topic> = {
  id: 'index-over-three-columns',
  group: 'style',
  title: 'An index of many columns is rarely used beyond the first ones',
  why: 'A B-tree of more than three columns is large, is written with every row, and helps only queries that name its first columns: two narrow indexes, or INCLUDE, often serve better.',
  source: 'https://www.postgresql.org/docs/current/indexes-multicolumn.html',
  examples: {
    hazardous: ['create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently i on t (a, b, c, id)'],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently i on t (a, b, c)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index concurrently i on t (a, b, c, id)',
    ],
  },
  on: ['IndexStmt'],
  detect({ statement: { node }, before }) {
    if (!('IndexStmt' in node) || node.IndexStmt.unique === true) return []
    const { relation: range, indexParams = [] } = node.IndexStmt
    if (indexParams.length <= 3) return []
    const key = relationKey(range ?? {}, before)
    return [
      {
        rule: 'index-over-three-columns',
        severity: 'info',
        message: `the index on ${key} has ${indexParams.length} columns: it helps only queries that name the first ones`,
        fix: 'Keep the columns that queries search by, at most three; put others into INCLUDE.',
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}
