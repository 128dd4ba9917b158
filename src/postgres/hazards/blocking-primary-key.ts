import type { HazardRule } from '../../model/hazard.ts'
import type { Catalog } from '../../model/catalog.ts'
import { constraintsOf } from '../facts/add-column.ts'
import { isPartitioned } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, constraintIn, oldOnes, sizeOf, type Found, waiting } from './_input.ts'

/** A new PRIMARY KEY builds its index, and looks for NULLs, under ACCESS EXCLUSIVE. */
export const blockingPrimaryKey: HazardRule<PgNode, Topic> = {
  id: 'blocking-primary-key',
  group: 'lock',
  title: 'A new PRIMARY KEY builds its index, and looks for NULLs, under ACCESS EXCLUSIVE',
  why: 'ADD PRIMARY KEY builds an index while nobody can read or write the table. USING INDEX saves the build, but still reads the table where a column may be NULL.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint not null); alter table t add primary key (id)',
      'create table t (id bigint); create unique index u on t (id); alter table t add constraint k primary key using index u',
      'create table t (a int); alter table t add column id bigint default 1 primary key',
    ],
    safe: [
      'create table t (id bigint not null); create unique index u on t (id); alter table t add constraint k primary key using index u',
      'begin; create table t (id bigint not null); alter table t add primary key (id)',
    ],
  },
  on: ['AT_AddConstraint', 'AT_AddColumn'],
  detect(input) {
    const { facts, before } = input
    if (oldOnes([...facts.builds, ...facts.scans], before).length === 0 || facts.rewrites.length > 0) return []
    const alone = actionsOf(input, 'AT_AddConstraint').filter((found) => constraintIn(found)?.contype === 'CONSTR_PRIMARY')
    const inline = actionsOf(input, 'AT_AddColumn').filter((found) =>
      constraintsOf(columnIn(found) ?? {}).some(({ contype }) => contype === 'CONSTR_PRIMARY'),
    )
    return [...alone, ...inline].map((found) => ({
      rule: 'blocking-primary-key',
      severity: 'error',
      message: `${facts.builds.length > 0 ? 'the index of the PRIMARY KEY is built on' : 'NULLs are looked for in all of'} ${found.key}${sizeOf(found.key, before)} while ${waiting(facts, found.key)} to it wait`,
      fix: fixFor(found, before),
      relation: found.key,
      ...rewriteFor(found, before),
      breaksOldApp: false,
    }))
  },
}

function fixFor({ key }: Found, catalog: Catalog): string {
  return isPartitioned(key, catalog)
    ? 'Make the columns NOT NULL through a validated CHECK and ALTER TABLE ONLY ... ADD PRIMARY KEY; then for each partition CREATE UNIQUE INDEX CONCURRENTLY, ADD PRIMARY KEY USING INDEX, and ALTER INDEX ... ATTACH PARTITION.'
    : 'Make the columns NOT NULL through a validated CHECK, build a unique index concurrently, then ADD PRIMARY KEY USING INDEX.'
}

function rewriteFor(found: Found, catalog: Catalog): { readonly rewrite?: string } {
  if (found.command.subtype !== 'AT_AddConstraint' || constraintIn(found)?.indexname !== undefined) return {}
  return { rewrite: isPartitioned(found.key, catalog) ? 'add-key-per-partition' : 'add-primary-key-using-index' }
}
