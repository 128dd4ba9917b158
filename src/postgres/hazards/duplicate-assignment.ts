import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode, RangeVar } from '../node.ts'
import type { Topic } from '../topics.ts'

/** A column is given two values at once. */
export const duplicateAssignment: HazardRule<PgNode, Topic> = {
  id: 'duplicate-assignment',
  group: 'operations',
  title: 'A column is given two values at once',
  why: 'The server refuses an UPDATE or INSERT that names a column twice (42601, 42701): one of the two was meant for another column.',
  source: 'https://www.postgresql.org/docs/current/sql-update.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1, a = 2 where id = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); insert into t (id, a, a) values (1, 2, 3)',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); update t set a = 1, b = 2 where id = 1',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); insert into t (id, a) values (1, 2)',
      'create table x (l int[]); update x set l[1] = 1, l[2] = 2',
    ],
  },
  on: ['InsertStmt', 'UpdateStmt'],
  detect({ statement: { node }, before }) {
    const target = targetOf(node)
    if (target === undefined) return []
    const names = target.nodes.flatMap((each) =>
      'ResTarget' in each && (each.ResTarget.indirection ?? []).length === 0 ? [each.ResTarget.name ?? ''] : [],
    )
    const twice = names.find((name, at) => names.indexOf(name) < at)
    if (twice === undefined) return []
    const key = relationKey(target.range ?? {}, before)
    return [
      {
        rule: 'duplicate-assignment',
        severity: 'error',
        message: `${twice} of ${key} is named twice: the server refuses the statement`,
        fix: 'Name each column once.',
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}

interface Target {
  readonly range: RangeVar | undefined
  readonly nodes: readonly PgNode[]
}

function targetOf(node: PgNode): Target | undefined {
  if ('UpdateStmt' in node) return { range: node.UpdateStmt.relation, nodes: node.UpdateStmt.targetList ?? [] }
  return 'InsertStmt' in node ? { range: node.InsertStmt.relation, nodes: node.InsertStmt.cols ?? [] } : undefined
}
