import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn } from './_definitions.ts'

/** A json column has no equality. */
export const preferJsonb: HazardRule<PgNode, Topic> = {
  id: 'prefer-jsonb',
  group: 'style',
  title: 'json has no equality and no index',
  why: 'A json column is kept as text: it has no operator for equality, so that SELECT DISTINCT and UNION on it fail, and it is parsed anew at each look into it. jsonb is parsed once and can be indexed.',
  source: 'https://www.postgresql.org/docs/current/datatype-json.html',
  examples: {
    hazardous: [
      'create table n (j json)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column j json',
    ],
    safe: ['create table n (j jsonb)'],
  },
  on: ['CreateStmt', 'AT_AddColumn'],
  detect(input) {
    return definitionsIn(input)
      .filter(({ type }) => type === 'json')
      .map(({ key, column, type }) => ({
        rule: 'prefer-jsonb',
        severity: 'info',
        message: `${column.colname ?? ''} of ${key} is ${type}: DISTINCT, UNION and = on it fail`,
        fix: 'Use jsonb, unless the order of keys or the spaces must stay.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}
