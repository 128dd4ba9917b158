import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnOf } from './_input.ts'

/** The running application may read NULL where it never did. */
export const dropNotNull: HazardRule<PgNode, Topic> = {
  id: 'drop-not-null',
  group: 'compatibility',
  title: 'The running application may read NULL where it never did',
  why: 'Once a new version writes NULL, the application that still runs reads it: code that was made for a value may fail.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL',
  examples: {
    hazardous: ['create table t (id int not null); alter table t alter column id drop not null'],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a drop not null',
      'begin; create table t (id int not null); alter table t alter column id drop not null',
    ],
  },
  on: ['AT_DropNotNull'],
  detect(input) {
    return actionsOf(input, 'AT_DropNotNull')
      .filter((found) => columnOf(found, found.command.name)?.nullable !== true)
      .map(({ key, command }) => ({
        rule: 'drop-not-null',
        severity: 'info',
        message: `${command.name ?? ''} of ${key} may hold NULL from then on: the running application may read one`,
        fix: 'Write NULLs only once every running version can read them.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}
