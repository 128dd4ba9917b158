import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes } from './_input.ts'

/** CASCADE drops the columns of the type. */
export const dropTypeCascade: HazardRule<PgNode, Topic> = {
  id: 'drop-type-cascade',
  group: 'data-loss',
  title: 'CASCADE drops the columns of the type',
  why: 'DROP TYPE and DROP DOMAIN with CASCADE drop every column of that type with its data, under ACCESS EXCLUSIVE.',
  source: 'https://www.postgresql.org/docs/current/sql-droptype.html; measured on 13 to 18',
  examples: {
    hazardous: [
      "create type mood as enum ('ok'); create table t (m mood); drop type mood cascade",
      'create domain d as int; create table t (x d); drop domain d cascade',
    ],
    safe: [
      "create type mood as enum ('ok'); drop type mood",
      "begin; create type mood as enum ('ok'); create table t (m mood); drop type mood cascade",
    ],
  },
  on: ['DropStmt'],
  detect({ statement, facts, before }) {
    if (!('DropStmt' in statement.node) || statement.node.DropStmt.behavior !== 'DROP_CASCADE') return []
    const tables = oldOnes(
      facts.locks.map(({ relation }) => relation),
      before,
    )
    const columns = facts.destroys.filter((thing) => thing.startsWith('column ')).map((thing) => thing.slice('column '.length))
    if (tables[0] === undefined || columns.length === 0) return []
    return [
      {
        rule: 'drop-type-cascade',
        severity: 'error',
        message: `CASCADE drops the columns ${listed(columns)} with their data`,
        fix: 'Drop or change the columns by name first, then drop the type without CASCADE.',
        relation: tables[0],
        breaksOldApp: true,
      },
    ]
  },
}
