import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, constraintIn, oldOnes, sizeOf, waiting } from './_input.ts'

/** A new EXCLUDE constraint builds its index under ACCESS EXCLUSIVE. */
export const blockingExclusionConstraint: HazardRule<PgNode, Topic> = {
  id: 'blocking-exclusion-constraint',
  group: 'lock',
  title: 'A new EXCLUDE constraint builds its index under ACCESS EXCLUSIVE',
  why: 'ADD EXCLUDE builds its index, and compares all rows, while nobody can read or write the table. It has no concurrent form.',
  source: 'https://www.postgresql.org/docs/current/sql-createtable.html#SQL-CREATETABLE-EXCLUDE; measured on 13 to 18',
  examples: {
    hazardous: ['create table r (d int4range); alter table r add exclude using gist (d with &&)'],
    safe: ['begin; create table r (d int4range); alter table r add exclude using gist (d with &&)'],
  },
  on: ['AT_AddConstraint'],
  detect(input) {
    if (oldOnes(input.facts.builds, input.before).length === 0) return []
    return actionsOf(input, 'AT_AddConstraint')
      .filter((found) => constraintIn(found)?.contype === 'CONSTR_EXCLUSION')
      .map(({ key }) => ({
        rule: 'blocking-exclusion-constraint',
        severity: 'error',
        message: `the index of the EXCLUDE constraint is built on ${key}${sizeOf(key, input.before)} while ${waiting(input.facts, key)} to it wait`,
        fix: 'No index built concurrently can become an EXCLUDE constraint. Add it in a maintenance window, or make a new table with it, fill that in batches beside a trigger that keeps it in step, and swap the two names.',
        relation: key,
        breaksOldApp: false,
      }))
  },
}
