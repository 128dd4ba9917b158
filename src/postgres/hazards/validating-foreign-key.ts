import type { HazardRule } from '../../model/hazard.ts'
import type { Catalog } from '../../model/catalog.ts'
import type { Facts } from '../../model/facts.ts'
import { constraintsOf } from '../facts/add-column.ts'
import { isPartitioned } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, constraintIn, listed, oldOnes, sizeOf, type Found, type Input, waiting } from './_input.ts'

/** A new foreign key blocks writes to both tables while it is checked. */
export const validatingForeignKey: HazardRule<PgNode, Topic> = {
  id: 'validating-foreign-key',
  group: 'lock',
  title: 'A new foreign key blocks writes to both tables while it is checked',
  why: 'ADD FOREIGN KEY holds SHARE ROW EXCLUSIVE on both tables, and reads both, before it is done: writes to the child and to the parent wait.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT; measured on 13 to 18: 1.5 s for 2 million rows',
  examples: {
    hazardous: [
      'create table p (id bigint primary key); create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint f foreign key (id) references p',
      'create table p (id int primary key); create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int not null default 1 references p',
    ],
    safe: [
      'create table p (id bigint primary key); create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint f foreign key (id) references p not valid',
      'create table p (id int primary key); create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int references p',
      'begin; create table p (id bigint primary key); create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint f foreign key (id) references p',
    ],
  },
  on: ['AT_AddConstraint', 'AT_AddColumn', 'AT_AlterConstraint'],
  detect(input) {
    const { facts, before } = input
    if (oldOnes(facts.scans, before).length === 0) return []
    const alone = actionsOf(input, 'AT_AddConstraint').filter(
      (found) => constraintIn(found)?.contype === 'CONSTR_FOREIGN' && constraintIn(found)?.skip_validation !== true,
    )
    const inline = actionsOf(input, 'AT_AddColumn').filter((found) =>
      constraintsOf(columnIn(found) ?? {}).some(({ contype }) => contype === 'CONSTR_FOREIGN'),
    )
    return [...alone, ...inline, ...enforced(input)].map((found) => ({
      rule: 'validating-foreign-key',
      severity: 'error',
      message: `${listed(oldOnes(facts.scans, before).map((key) => `${key}${sizeOf(key, before)}`))}: all rows are compared while ${waiting(facts, found.key)} to ${listed(oldOnes(lockedForWrites(facts), before))} wait`,
      fix: fixFor(found, before),
      relation: found.key,
      ...rewriteFor(found, before),
      breaksOldApp: false,
    }))
  },
}

/** ALTER CONSTRAINT ... ENFORCED (18) compares as a new foreign key does. */
function enforced(input: Input): readonly Found[] {
  return actionsOf(input, 'AT_AlterConstraint').filter(
    ({ command: { def } }) => def !== undefined && 'ATAlterConstraint' in def && def.ATAlterConstraint.is_enforced === true,
  )
}

function fixFor(found: Found, catalog: Catalog): string {
  if (found.command.subtype === 'AT_AlterConstraint')
    return 'Add a second foreign key NOT VALID, validate it, then drop the one that is not enforced.'
  if (isTakenByPartitions(found, catalog))
    return 'Add the foreign key to each partition NOT VALID, VALIDATE CONSTRAINT there, then add it to the partitioned table, which takes them over.'
  return 'Add the foreign key NOT VALID, then VALIDATE CONSTRAINT in a transaction of its own.'
}

function lockedForWrites({ locks }: Facts): readonly string[] {
  return locks.filter(({ blocksWrites }) => blocksWrites).map(({ relation }) => relation)
}

// Before 18 a partitioned table takes no NOT VALID foreign key.
function isTakenByPartitions({ key }: Found, catalog: Catalog): boolean {
  return isPartitioned(key, catalog) && catalog.server.version < 18
}

function rewriteFor(found: Found, catalog: Catalog): { readonly rewrite?: string } {
  if (found.command.subtype === 'AT_AlterConstraint') return {}
  if (found.command.subtype === 'AT_AddColumn') return { rewrite: 'add-column-then-constrain' }
  return { rewrite: isTakenByPartitions(found, catalog) ? 'add-foreign-key-per-partition' : 'add-foreign-key-not-valid' }
}
