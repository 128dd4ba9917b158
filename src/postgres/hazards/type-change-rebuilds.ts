import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, oldOnes, sizeOf, waiting } from './_input.ts'

/** A change of type without a rewrite that still builds indexes or checks rows under ACCESS EXCLUSIVE. */
export const typeChangeRebuilds: HazardRule<PgNode, Topic> = {
  id: 'type-change-rebuilds',
  group: 'lock',
  title: 'A change of type without a rewrite that still builds indexes or checks rows under ACCESS EXCLUSIVE',
  why: 'Where the stored values can stay, the server still builds partial and expression indexes on the column anew, indexes whose operators or collation change, and tries each CHECK that mentions the column on every row: all under ACCESS EXCLUSIVE.',
  source: 'CheckIndexCompatible (indexcmds.c); measured on 13 to 18: a CHECK on 2 million rows 132 ms',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (a) where c is not null; alter table t alter column c type varchar(20)',
      "create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint k check (c <> 'x'); alter table t alter column c type text",
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (c); alter table t alter column c type varchar(10) collate "C"',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (c); alter table t alter column c type varchar(20)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a type bigint',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); create index on t (a) where c is not null; alter table t alter column c type text',
    ],
  },
  on: ['AT_AlterColumnType'],
  detect(input) {
    const { facts, before } = input
    const built = oldOnes(facts.builds, before)
    if (facts.rewrites.length > 0 || oldOnes(facts.scans, before).length === 0) return []
    return actionsOf(input, 'AT_AlterColumnType').map((found) => ({
      rule: 'type-change-rebuilds',
      severity: 'error',
      message: `changing the type of ${found.command.name ?? 'a column'} ${built.length > 0 ? 'builds indexes of' : 'tries a CHECK on all rows of'} ${found.key}${sizeOf(found.key, before)} while ${waiting(facts, found.key)} to it wait`,
      fix:
        built.length > 0
          ? 'Add a column of the new type with an index of its own, fill it in batches and move the application over; or, if queries can do without the index for a while, write DROP INDEX, the change and CREATE INDEX into the migration: each is then done with nobody waiting.'
          : 'Drop the CHECK, change the type and add it again NOT VALID in one transaction, then validate it.',
      relation: found.key,
      rewrite: built.length > 0 ? 'change-column-type' : 'change-type-then-validate',
      breaksOldApp: false,
    }))
  },
}
