import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn } from './_definitions.ts'

/** A limit of length in the type. */
export const preferText: HazardRule<PgNode, Topic> = {
  id: 'prefer-text',
  group: 'style',
  title: 'A limit of length belongs into a CHECK',
  why: 'varchar(n) is no faster than text, and a lower limit later means to read or write the whole table. char(n) fills up with spaces. A CHECK can be changed without either.',
  source: 'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Text_storage',
  examples: {
    hazardous: [
      'create table n (s varchar(20))',
      'create table n (s char(3))',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column s varchar(20)',
    ],
    safe: ['create table n (s text)', 'create table n (s varchar)'],
  },
  on: ['CreateStmt', 'AT_AddColumn'],
  detect(input) {
    return definitionsIn(input)
      .filter(({ column, type }) => (type === 'varchar' || type === 'bpchar') && (column.typeName?.typmods ?? []).length > 0)
      .map(({ key, column }) => ({
        rule: 'prefer-text',
        severity: 'info',
        message: `${column.colname ?? ''} of ${key} has a limit of length in its type`,
        fix: 'Use text, with a CHECK on the length where there must be a limit.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}
