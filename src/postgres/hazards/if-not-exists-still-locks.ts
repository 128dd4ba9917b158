import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, columnOf, type Found, isOld, type Input, waiting } from './_input.ts'

/** IF [NOT] EXISTS takes its lock even where there is nothing to do. */
export const ifNotExistsStillLocks: HazardRule<PgNode, Topic> = {
  id: 'if-not-exists-still-locks',
  group: 'lock',
  title: 'IF [NOT] EXISTS takes its lock even where there is nothing to do',
  why: 'The server locks the table before it looks: ADD COLUMN IF NOT EXISTS of a column that is there waits for every reader of the table, and everyone waits behind it, for nothing.',
  source: 'measured on 13 to 18 (lint.md 0.6)',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column if not exists a int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column if exists nothing',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); create index if not exists t_a on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop constraint if exists nothing',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a drop identity if exists',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a drop expression if exists',
    ],
    safe: [
      'create table t (id bigint generated always as identity, a int); alter table t alter column id drop identity if exists',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column if not exists z int',
      'drop table if exists nothing',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column if not exists a int',
    ],
  },
  on: ['IndexStmt', 'AT_AddColumn', 'AT_DropColumn', 'AT_DropConstraint', 'AT_DropIdentity', 'AT_DropExpression'],
  detect(input) {
    const { facts, before } = input
    return [...idleActions(input), ...idleIndex(input)]
      .filter((key) => isOld(key, before))
      .map((key) => ({
        rule: 'if-not-exists-still-locks',
        severity: 'info',
        message: `there is nothing to do, but the statement still locks ${key}: ${waiting(facts, key)} to it wait behind it`,
        fix: 'Leave the statement out.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}

function idleActions(input: Input): readonly string[] {
  const columns = [
    ...actionsOf(input, 'AT_AddColumn').filter((found) => columnOf(found, columnIn(found)?.colname) !== undefined),
    ...actionsOf(input, 'AT_DropColumn').filter(
      (found) => found.relation !== undefined && columnOf(found, found.command.name) === undefined,
    ),
  ]
  // That of a trigger is not in the catalog, need not have the trigger's name, and cannot be dropped: the server says so.
  const constraints = actionsOf(input, 'AT_DropConstraint').filter(
    ({ relation, command }) => relation?.triggers.length === 0 && !relation.constraints.some(({ name }) => name === command.name),
  )
  const facets = [
    ...actionsOf(input, 'AT_DropIdentity').filter((found) => lacks(found, 'identity')),
    ...actionsOf(input, 'AT_DropExpression').filter((found) => lacks(found, 'generated')),
  ]
  return [...columns, ...constraints, ...facets].filter(({ command }) => command.missing_ok === true).map(({ key }) => key)
}

function lacks(found: Found, facet: 'identity' | 'generated'): boolean {
  const column = columnOf(found, found.command.name)
  return column !== undefined && column[facet] === undefined
}

function idleIndex({ statement: { node }, facts, before }: Input): readonly string[] {
  if (!('IndexStmt' in node) || node.IndexStmt.if_not_exists !== true || node.IndexStmt.concurrent === true || facts.builds.length > 0)
    return []
  return [relationKey(node.IndexStmt.relation ?? {}, before)]
}
