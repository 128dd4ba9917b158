import type { HazardRule } from '../../model/hazard.ts'
import { valueFor } from '../../model/up-down.ts'
import { textsOf, type PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnOf, constraintIn, type Found, type Input } from './_input.ts'
import { oncePer } from './_transaction.ts'

/** The running application may still write NULL. */
export const addNotNullExisting: HazardRule<PgNode, Topic> = {
  id: 'add-not-null-existing',
  group: 'compatibility',
  title: 'The running application may still write NULL',
  why: 'From the moment that NOT NULL stands, inserts and updates of the application that still runs fail where they write NULL, and where they leave the column out if it has no DEFAULT.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set not null',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set default 1; alter table t alter column a set not null',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column id set not null',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set not null',
    ],
  },
  on: ['AT_SetNotNull', 'AT_AddConstraint'],
  detect(input) {
    return (
      requiredBy(input)
        // What the user says that it holds is filled in by a trigger.
        .filter(({ found, name }) => columnOf(found, name)?.nullable !== false && valueFor(input.upDown, 'up', name) === undefined)
        .map(({ found, name }) => {
          const column = columnOf(found, name)
          const filled = column?.default !== undefined || column?.identity !== undefined || getsDefault(input, { key: found.key, name })
          return {
            rule: 'add-not-null-existing',
            severity: 'warning',
            message: `${name} of ${found.key} takes no NULL from then on: the running application fails where it writes NULL${filled ? '' : ' or leaves the column out (it has no default)'}`,
            fix: filled
              ? 'Make sure that the running version never writes NULL into it.'
              : 'Set a DEFAULT first, or deploy a version that always fills the column.',
            relation: found.key,
            // Whether it does is the application's affair; most fill the columns that they are about to require.
            breaksOldApp: false,
          }
        })
    )
  },
}

interface Required {
  readonly found: Found
  /** The column. */
  readonly name: string
}

/** SET NOT NULL, and NOT NULL as a constraint (18), NOT VALID or not. */
function requiredBy(input: Input): readonly Required[] {
  const set = actionsOf(input, 'AT_SetNotNull').map((found) => ({ found, name: found.command.name ?? '' }))
  const added = actionsOf(input, 'AT_AddConstraint').flatMap((found) => {
    const constraint = constraintIn(found)
    return constraint?.contype === 'CONSTR_NOTNULL' ? textsOf(constraint.keys).map((name) => ({ found, name })) : []
  })
  return [...set, ...added]
}

/** Prisma writes SET NOT NULL before SET DEFAULT, in one ALTER TABLE. */
function getsDefault({ transaction }: Input, { key, name }: { readonly key: string; readonly name: string }): boolean {
  return defaultsSetIn(transaction).has(`${key}\n${name}`)
}

const defaultsSetIn = oncePer((transaction) => {
  const set = transaction.flatMap((judged) => actionsOf(judged, 'AT_ColumnDefault')).filter(({ command }) => command.def !== undefined)
  return new Set(set.map(({ key, command }) => `${key}\n${command.name ?? ''}`))
})
