import type { HazardRule } from '../../model/hazard.ts'
import type { UpDown } from '../../model/up-down.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, condition, constraintIn, oldOnes, sizeOf, waiting } from './_input.ts'

/** SET NOT NULL looks at every row under ACCESS EXCLUSIVE. */
export const notNullScan: HazardRule<PgNode, Topic> = {
  id: 'not-null-scan',
  group: 'lock',
  title: 'SET NOT NULL looks at every row under ACCESS EXCLUSIVE',
  why: 'SET NOT NULL, and from 18 on ADD CONSTRAINT NOT NULL, read the whole table while nobody can use it, unless a valid CHECK (column IS NOT NULL) proves already that there is no NULL. Dropping that CHECK in the same ALTER TABLE takes the proof away.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set not null',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint k check (a > 0); alter table t alter column a set not null',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint k check (a is not null); alter table t alter column a set not null',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column id set not null',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t alter column a set not null',
    ],
  },
  on: ['AT_SetNotNull', 'AT_AddConstraint'],
  detect(input) {
    const { facts, before } = input
    if (oldOnes(facts.scans, before).length === 0 || facts.rewrites.length > 0) return []
    const added = actionsOf(input, 'AT_AddConstraint').filter((found) => constraintIn(found)?.contype === 'CONSTR_NOTNULL')
    return [...actionsOf(input, 'AT_SetNotNull'), ...added].map((found) => ({
      rule: 'not-null-scan',
      severity: 'error',
      message: `all of ${found.key}${sizeOf(found.key, before)} is read for NULLs while ${waiting(facts, found.key)} to it wait${condition(facts)}`,
      fix: fixFor(before.server.version),
      relation: found.key,
      rewrite: input.upDown?.some(isUp) === true ? 'set-not-null' : 'set-not-null-validated',
      breaksOldApp: false,
    }))
  },
}

function isUp({ direction }: UpDown): boolean {
  return direction === 'up'
}

function fixFor(version: number): string {
  return version >= 18
    ? 'ADD CONSTRAINT ... NOT NULL column NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own: that blocks nobody.'
    : 'Add CHECK (column IS NOT NULL) NOT VALID, validate it, then SET NOT NULL, then drop the CHECK: each in a transaction of its own.'
}
