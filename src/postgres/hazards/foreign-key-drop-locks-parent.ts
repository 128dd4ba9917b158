import type { HazardRule } from '../../model/hazard.ts'
import { foreignKeysOf, foreignKeysTo } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, listed, oldOnes, type Found, type Input } from './_input.ts'

/** Dropping a foreign key locks both tables against reads. */
export const foreignKeyDropLocksParent: HazardRule<PgNode, Topic> = {
  id: 'foreign-key-drop-locks-parent',
  group: 'lock',
  title: 'Dropping a foreign key locks both tables against reads',
  why: 'DROP CONSTRAINT of a foreign key takes ACCESS EXCLUSIVE on the table that it refers to as well, and so do DROP COLUMN and a change of type where a foreign key stands on the column: it waits for the readers of both, and the readers of both wait behind it.',
  source: 'measured on 13 to 18 (adding one takes only SHARE ROW EXCLUSIVE)',
  examples: {
    hazardous: [
      'create table p (id int primary key); create table c (id int, constraint f foreign key (id) references p); alter table c drop constraint f',
      'create table p (code varchar(10) primary key); create table c (code varchar(10) references p); alter table c alter column code type varchar(20)',
      'create table p (id int primary key); create table c (id int references p); alter table c drop column id',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint k check (a > 0); alter table t drop constraint k',
      'begin; create table p (id int primary key); create table c (id int, constraint f foreign key (id) references p); alter table c drop constraint f',
    ],
  },
  on: ['AT_DropConstraint', 'AT_DropColumn', 'AT_AlterColumnType'],
  detect(input) {
    return actionsOf(input, 'AT_DropConstraint', 'AT_DropColumn', 'AT_AlterColumnType').flatMap((found) => {
      const others = partnersOf(found, input)
      if (others.length === 0) return []
      return [
        {
          rule: 'foreign-key-drop-locks-parent',
          severity: 'warning' as const,
          message: `${doing(found)} takes ACCESS EXCLUSIVE on ${listed(others)} too: all reads and writes of both wait behind it`,
          fix: 'Drop the foreign key alone in its transaction, with a short lock_timeout and retries.',
          relation: others[0] ?? found.key,
          breaksOldApp: false,
        },
      ]
    })
  },
}

function partnersOf({ key }: Found, { facts, before }: Input): readonly string[] {
  const locked = facts.locks.filter(({ relation, blocksReads }) => blocksReads && relation !== key).map(({ relation }) => relation)
  const others = oldOnes(locked, before)
  if (others.length === 0) return []
  const partners = new Set([
    ...foreignKeysOf(before.relations.get(key)).map(({ references }) => references),
    ...foreignKeysTo(key, before).map(({ from }) => from),
  ])
  return others.filter((relation) => partners.has(relation))
}

function doing({ key, command: { subtype, name = '' } }: Found): string {
  if (subtype === 'AT_AlterColumnType') return `changing the type of ${name} makes a foreign key of ${key} anew, which`
  return subtype === 'AT_DropColumn' ? `the foreign key that goes with column ${name} of ${key}` : `dropping the foreign key of ${key}`
}
