import type { HazardRule } from '../../model/hazard.ts'
import type { Catalog } from '../../model/catalog.ts'
import { constraintsOf } from '../facts/add-column.ts'
import { isPartitioned } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, constraintIn, oldOnes, sizeOf, type Found, waiting } from './_input.ts'

/** A new UNIQUE constraint builds its index under ACCESS EXCLUSIVE. */
export const blockingUniqueConstraint: HazardRule<PgNode, Topic> = {
  id: 'blocking-unique-constraint',
  group: 'lock',
  title: 'A new UNIQUE constraint builds its index under ACCESS EXCLUSIVE',
  why: 'ADD UNIQUE, and UNIQUE beside a new column, build their index while nobody can read or write the table.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint u unique (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int unique',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index u on t (a); alter table t add constraint u unique using index u',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint u unique (a)',
    ],
  },
  on: ['AT_AddConstraint', 'AT_AddColumn'],
  detect(input) {
    const { facts, before } = input
    if (oldOnes(facts.builds, before).length === 0 || facts.rewrites.length > 0) return []
    const alone = actionsOf(input, 'AT_AddConstraint').filter((found) => constraintIn(found)?.contype === 'CONSTR_UNIQUE')
    const inline = actionsOf(input, 'AT_AddColumn').filter((found) =>
      constraintsOf(columnIn(found) ?? {}).some(({ contype }) => contype === 'CONSTR_UNIQUE'),
    )
    return [...alone, ...inline].map((found) => ({
      rule: 'blocking-unique-constraint',
      severity: 'error',
      message: `the index of the UNIQUE constraint is built on ${found.key}${sizeOf(found.key, before)} while ${waiting(facts, found.key)} to it wait`,
      fix: fixFor(found, before),
      relation: found.key,
      ...rewriteFor(found, before),
      breaksOldApp: false,
    }))
  },
}

function fixFor({ key }: Found, catalog: Catalog): string {
  return isPartitioned(key, catalog)
    ? 'ALTER TABLE ONLY ... ADD CONSTRAINT; then for each partition CREATE UNIQUE INDEX CONCURRENTLY, ADD CONSTRAINT ... UNIQUE USING INDEX, and ALTER INDEX ... ATTACH PARTITION.'
    : 'Build a unique index with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... UNIQUE USING INDEX.'
}

// USING INDEX is refused on a partitioned table.
function rewriteFor({ key, command }: Found, catalog: Catalog): { readonly rewrite?: string } {
  const partitioned = isPartitioned(key, catalog)
  if (command.subtype === 'AT_AddColumn') return partitioned ? {} : { rewrite: 'add-column-then-constrain' }
  return { rewrite: partitioned ? 'add-key-per-partition' : 'add-unique-using-index' }
}
