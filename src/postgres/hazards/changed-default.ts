import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnOf } from './_input.ts'

/** The running application gets another default. */
export const changedDefault: HazardRule<PgNode, Topic> = {
  id: 'changed-default',
  group: 'compatibility',
  title: 'The running application gets another default',
  why: 'Where the application that still runs leaves the column out, its rows get the new value from then on, which it may not know; the rows that are there keep the old one.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-DEFAULT',
  examples: {
    hazardous: ["create table t (id int, s text default 'x'); alter table t alter column s set default 'y'"],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set default 5',
      "create table t (id int, s text default 'x'); alter table t alter column s drop default",
      "begin; create table t (id int, s text default 'x'); alter table t alter column s set default 'y'",
    ],
  },
  on: ['AT_ColumnDefault'],
  detect(input) {
    return actionsOf(input, 'AT_ColumnDefault')
      .filter((found) => found.command.def !== undefined && columnOf(found, found.command.name)?.default !== undefined)
      .map((found) => ({
        rule: 'changed-default',
        severity: 'info',
        message: `${found.command.name ?? ''} of ${found.key} has another default from then on (it was ${columnOf(found, found.command.name)?.default ?? ''}): rows of the running application that leave it out get the new one`,
        fix: 'Make sure that every running version knows the new value; change old rows apart from this.',
        relation: found.key,
        breaksOldApp: false,
      }))
  },
}
