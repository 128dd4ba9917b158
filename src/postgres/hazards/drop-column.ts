import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnOf, listed, sizeOf, type Found } from './_input.ts'

/** A column goes, with its data. */
export const dropColumn: HazardRule<PgNode, Topic> = {
  id: 'drop-column',
  group: 'data-loss',
  title: 'A column goes, with its data',
  why: 'The application that still runs names the column in its queries, and ORMs list all columns: each such query fails from then on. The data cannot be had back.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column b',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create table u (id bigint references t); alter table u drop column id',
    ],
    safe: [
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column b',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column if exists nothing',
    ],
  },
  on: ['AT_DropColumn'],
  detect(input) {
    return actionsOf(input, 'AT_DropColumn')
      .filter((found) => found.relation === undefined || columnOf(found, found.command.name) !== undefined)
      .map((found) => ({
        rule: 'drop-column',
        severity: 'error',
        message: `column ${found.command.name ?? ''} of ${found.key}${sizeOf(found.key, input.before)} goes with its data${lostWith(found)}; queries of the running application that name it fail`,
        fix: 'Deploy a version that does not use the column first, and drop it afterwards.',
        relation: found.key,
        rewrite: 'drop-column',
        breaksOldApp: true,
      }))
  },
}

function lostWith({ relation, command }: Found): string {
  const indexes = (relation?.indexes ?? []).filter((index) => index.mentions.includes(command.name ?? '')).map(({ name }) => name)
  return indexes.length === 0 ? '' : `, and so ${indexes.length === 1 ? 'does the index' : 'do the indexes'} ${listed(indexes)}`
}
