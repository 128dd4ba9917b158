import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode, RangeVar } from '../node.ts'
import { relationKey } from '../names.ts'
import { nodesTagged } from '../tree.ts'
import type { Input } from './_input.ts'
import { broughtBefore } from './_transaction.ts'

/** Which table is meant depends on the search_path. */
export const unqualifiedName: HazardRule<PgNode> = {
  id: 'unqualified-name',
  group: 'style',
  title: 'Which table is meant depends on the search_path',
  why: 'A name without its schema is looked up in the search_path. Where the file sets that itself, each statement below means another table once the line above is moved, or does not hold because a pooler gave the session away.',
  source: 'https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-PATH',
  examples: {
    hazardous: [
      'create schema s; create table s.t (id int); begin; set local search_path = s; alter table t add column z int',
      'create schema s; begin; set search_path to s, public; create table n (id int)',
    ],
    safe: [
      'create schema s; create table s.t (id int); begin; set local search_path = s; alter table s.t add column z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int',
      'begin; set local lock_timeout = 100; create table n (id int)',
    ],
  },
  detect(input) {
    const range = namedIn(input.statement.node)
    if (range === undefined || range.schemaname !== undefined || !setsPath(input)) return []
    const key = relationKey(range, input.before)
    return [
      {
        rule: 'unqualified-name',
        severity: 'info',
        message: `${range.relname ?? ''} means ${key} only because of the search_path that was set above`,
        fix: 'Write the schema in front of the name.',
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}

function setsPath(input: Input): boolean {
  return pathsBefore(input).length > 0
}

const pathsBefore = broughtBefore(({ statement: { node } }) =>
  'VariableSetStmt' in node && node.VariableSetStmt.name === 'search_path' ? [node.VariableSetStmt] : [],
)

function namedIn(node: PgNode): RangeVar | undefined {
  if ('CreateStmt' in node) return node.CreateStmt.relation
  if ('AlterTableStmt' in node) return node.AlterTableStmt.relation
  return 'IndexStmt' in node ? node.IndexStmt.relation : nodesTagged<RangeVar>('RangeVar', node)[0]
}
