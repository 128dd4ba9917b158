import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { definitionsIn } from './_definitions.ts'

/** A timestamp without a time zone. */
export const preferTimestamptz: HazardRule<PgNode, Topic> = {
  id: 'prefer-timestamptz',
  group: 'style',
  title: 'A timestamp without a time zone is no moment',
  why: 'timestamp keeps what the clock on some wall showed: which moment that was depends on who wrote it, and comparisons between servers or over the change to summer time go wrong. timestamptz takes the same eight bytes.',
  source: 'https://wiki.postgresql.org/wiki/Don%27t_Do_This#Don.27t_use_timestamp_.28without_time_zone.29',
  examples: {
    hazardous: [
      'create table n (made timestamp)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column made timestamp(3) default now()',
    ],
    safe: ['create table n (made timestamptz)', 'create table n (day date)'],
  },
  on: ['CreateStmt', 'AT_AddColumn'],
  detect(input) {
    return definitionsIn(input)
      .filter(({ type }) => type === 'timestamp')
      .map(({ key, column, type }) => ({
        rule: 'prefer-timestamptz',
        severity: 'info',
        message: `${column.colname ?? ''} of ${key} is ${type} without time zone: which moment a value means is not kept`,
        fix: 'Use timestamptz.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}
