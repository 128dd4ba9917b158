import type { HazardInput, HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnOf, type Found } from './_input.ts'

/** The running application relies on the default. */
export const dropDefault: HazardRule<PgNode, Topic> = {
  id: 'drop-default',
  group: 'compatibility',
  title: 'The running application relies on the default',
  why: 'Where the application that still runs leaves the column out, it gets NULL from then on, or an error if the column is NOT NULL.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-DEFAULT',
  examples: {
    hazardous: [
      "create table t (id int, s text not null default 'x'); alter table t alter column s drop default",
      "create table t (id int, s text default 'x'); alter table t alter column s drop default",
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a drop default',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set default 5',
      "begin; create table t (id int, s text default 'x'); alter table t alter column s drop default",
    ],
  },
  on: ['AT_ColumnDefault'],
  detect(input) {
    return actionsOf(input, 'AT_ColumnDefault')
      .filter((found) => found.command.def === undefined && columnOf(found, found.command.name)?.default !== undefined)
      .filter((found) => !comesBack(found, input))
      .map((found) => {
        const required = columnOf(found, found.command.name)?.nullable === false
        return {
          rule: 'drop-default',
          severity: 'warning',
          message: `${found.command.name ?? ''} of ${found.key} loses its default: where the running application leaves it out, ${required ? 'its inserts fail' : 'it gets NULL'}`,
          fix: 'Deploy a version that always fills the column first.',
          relation: found.key,
          breaksOldApp: required,
        }
      })
  },
}

/** One that comes again in the same transaction is never missed: the change of a type needs it away in between. */
function comesBack({ key, command }: Found, { transaction, at }: Pick<HazardInput<PgNode>, 'transaction' | 'at'>): boolean {
  const sets = transaction.slice(at + 1).flatMap((later) => actionsOf(later, 'AT_ColumnDefault'))
  return sets.some((set) => set.key === key && set.command.name === command.name && set.command.def !== undefined)
}
