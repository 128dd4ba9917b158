import type { Hazard, HazardInput, HazardRule } from '../../model/hazard.ts'
import { valueFor } from '../../model/up-down.ts'
import { constraintsOf, defaultOf, isSerial } from '../facts/add-column.ts'
import type { ColumnDef, PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, columnOf } from './_input.ts'

/** The running application does not fill the new column. */
export const notNullWithoutDefault: HazardRule<PgNode, Topic> = {
  id: 'not-null-without-default',
  group: 'compatibility',
  title: 'The running application does not fill the new column',
  why: 'A NOT NULL column without a DEFAULT cannot be added to a table with rows, and on an empty one every INSERT of the application that still runs, which does not name it, fails.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-COLUMN; measured on 13 to 18: error 23502 on a table with rows',
  examples: {
    hazardous: ['create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int not null'],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int not null default 5',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int not null',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int not null generated always as (a + 1) stored',
    ],
  },
  on: ['AT_AddColumn'],
  detect(input) {
    return actionsOf(input, 'AT_AddColumn')
      .filter((found) => isUnfilled(columnIn(found) ?? {}) && columnOf(found, columnIn(found)?.colname) === undefined)
      .map((found) => ({
        rule: 'not-null-without-default',
        severity: 'error',
        message: `column ${columnIn(found)?.colname ?? ''} is NOT NULL and has no default: it cannot be added to ${found.key} while that has rows, and inserts of the running application fail`,
        ...cureFor(columnIn(found)?.colname ?? '', input),
        relation: found.key,
        breaksOldApp: true,
      }))
  },
}

/** Where the user says what it holds, that fills it. */
function cureFor(name: string, { upDown }: Pick<HazardInput, 'upDown'>): Pick<Hazard, 'fix' | 'rewrite'> {
  if (valueFor(upDown, 'up', name) !== undefined)
    return { fix: 'Run it with lockkeeper apply, which fills the column by its lockkeeper-up.', rewrite: 'add-column' }
  return {
    fix: `Give it a DEFAULT; or say what it holds in a comment above the statement (-- lockkeeper-up ${name}: EXPRESSION), and lockkeeper apply fills it; or add it nullable, fill it from a new version of the application, and set NOT NULL then.`,
  }
}

function isUnfilled(column: ColumnDef): boolean {
  const kinds = constraintsOf(column).map(({ contype }) => contype)
  const needed = kinds.includes('CONSTR_NOTNULL') || kinds.includes('CONSTR_PRIMARY')
  return (
    needed &&
    defaultOf(column) === undefined &&
    !isSerial(column) &&
    !kinds.includes('CONSTR_IDENTITY') &&
    !kinds.includes('CONSTR_GENERATED')
  )
}
