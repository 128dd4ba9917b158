import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import { actionsOf, listed, oldOnes } from './_input.ts'

/** Dropping a foreign key locks both tables against reads. */
export const foreignKeyDropLocksParent: HazardRule<PgNode> = {
  id: 'foreign-key-drop-locks-parent',
  group: 'lock',
  title: 'Dropping a foreign key locks both tables against reads',
  why: 'DROP CONSTRAINT of a foreign key takes ACCESS EXCLUSIVE on the table that it refers to as well: it waits for the readers of both, and the readers of both wait behind it.',
  source: 'measured on 13 to 18 (adding one takes only SHARE ROW EXCLUSIVE)',
  examples: {
    hazardous: [
      'create table p (id int primary key); create table c (id int, constraint f foreign key (id) references p); alter table c drop constraint f',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint k check (a > 0); alter table t drop constraint k',
      'begin; create table p (id int primary key); create table c (id int, constraint f foreign key (id) references p); alter table c drop constraint f',
    ],
  },
  detect(input) {
    return actionsOf(input, 'AT_DropConstraint').flatMap(({ key }) => {
      const others = oldOnes(
        input.facts.locks.filter(({ relation, blocksReads }) => blocksReads && relation !== key).map(({ relation }) => relation),
        input.before,
      )
      if (others.length === 0) return []
      return [
        {
          rule: 'foreign-key-drop-locks-parent',
          severity: 'warning' as const,
          message: `dropping the foreign key of ${key} takes ACCESS EXCLUSIVE on ${listed(others)} too: all reads and writes of both wait behind it`,
          fix: 'Drop it alone in its transaction, with a short lock_timeout and retries.',
          relation: others[0] ?? key,
          breaksOldApp: false,
        },
      ]
    })
  },
}
