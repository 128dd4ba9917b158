import type { Index } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { isPartitioned } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, constraintIn, type Found, type Input } from './_input.ts'

/** A way to add a constraint that the server does not have for this table or index. */
export const constraintRefused: HazardRule<PgNode, Topic> = {
  id: 'constraint-refused',
  group: 'operations',
  title: 'A way to add a constraint that the server does not have for this table or index',
  why: 'ADD CONSTRAINT USING INDEX takes a unique, complete index on plain columns, and no partitioned table; before 18 a partitioned table takes no foreign key NOT VALID. The migration fails there.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-ADD-TABLE-CONSTRAINT-USING-INDEX; measured on 13 to 18: SQLSTATE 42809 and 0A000',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index u on t (a) where b is null; alter table t add constraint k unique using index u',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index u on t (lower(b)); alter table t add constraint k unique using index u',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index u on t (a); alter table t add constraint k unique using index u',
      'create table m (id int not null, k int) partition by range (id); create unique index u on m (id); alter table m add primary key using index u',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create unique index u on t (a); alter table t add constraint k unique using index u',
      'create table p (id int primary key); create table t (id bigint primary key, a int); alter table t add foreign key (a) references p not valid',
    ],
  },
  on: ['AT_AddConstraint'],
  detect(input) {
    return actionsOf(input, 'AT_AddConstraint').flatMap((found) => {
      const why = refusal(found, input)
      if (why === undefined) return []
      return [
        {
          rule: 'constraint-refused',
          severity: 'error' as const,
          message: `the server refuses this constraint of ${found.key}: ${why.message}`,
          fix: why.fix,
          relation: found.key,
          breaksOldApp: false,
        },
      ]
    })
  },
}

interface Refusal {
  readonly message: string
  readonly fix: string
}

function refusal(found: Found, { before }: Input): Refusal | undefined {
  const constraint = constraintIn(found)
  const partitioned = isPartitioned(found.key, before)
  if (constraint?.contype === 'CONSTR_FOREIGN') {
    if (!partitioned || constraint.skip_validation !== true || before.server.version >= 18) return undefined
    return {
      message: `PostgreSQL ${before.server.version} adds no foreign key NOT VALID to a partitioned table`,
      fix: 'Add it to each partition NOT VALID, validate these, then add it to the parent, which takes them over.',
    }
  }
  if (constraint?.indexname === undefined) return undefined
  if (partitioned) return { message: 'USING INDEX is not for partitioned tables', fix: 'Add the constraint without USING INDEX.' }
  const index = found.relation?.indexes.find(({ name }) => name === constraint.indexname)
  const why = index === undefined ? undefined : unfit(index)
  return why === undefined
    ? undefined
    : { message: `index ${constraint.indexname} ${why}`, fix: 'Build a unique index concurrently on the plain columns, without a WHERE.' }
}

function unfit({ unique, partial, columns, valid }: Index): string | undefined {
  if (!unique) return 'is not unique'
  if (partial) return 'has a WHERE, so it does not hold for all rows'
  if (columns.includes(undefined)) return 'is on an expression'
  return valid ? undefined : 'is INVALID (its build failed, or is not done)'
}
