import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf } from './_input.ts'

/** An unlogged table is emptied by a crash. */
export const setUnlogged: HazardRule<PgNode, Topic> = {
  id: 'set-unlogged',
  group: 'data-loss',
  title: 'An unlogged table is emptied by a crash',
  why: 'SET UNLOGGED takes the table out of the WAL: after a crash it is empty, and it is not on replicas.',
  source: 'https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-UNLOGGED',
  examples: {
    hazardous: ['create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set unlogged'],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set logged',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t set unlogged',
    ],
  },
  on: ['AT_SetUnLogged'],
  detect(input) {
    return actionsOf(input, 'AT_SetUnLogged').map(({ key }) => ({
      rule: 'set-unlogged',
      severity: 'warning',
      message: `${key} is emptied by the next crash of the server, and vanishes from its replicas`,
      fix: 'Keep it logged unless its rows can be made again.',
      relation: key,
      breaksOldApp: false,
    }))
  },
}
