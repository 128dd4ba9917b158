import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { listed, oldOnes } from './_input.ts'

/** DROP TABLE locks the tables that its foreign keys tie it to. */
export const dropTableLocksParents: HazardRule<PgNode, Topic> = {
  id: 'drop-table-locks-parents',
  group: 'lock',
  title: 'DROP TABLE locks the tables that its foreign keys tie it to',
  why: 'Each foreign key of a table, out or in, has triggers on the other table: dropping it takes ACCESS EXCLUSIVE there too, behind everyone who reads that table, and all in one transaction.',
  source: 'measured on 13 to 18: DROP TABLE with a foreign key takes ACCESS EXCLUSIVE on both tables',
  examples: {
    hazardous: [
      'create table p (id int primary key); create table c (id int references p); drop table c',
      'create table p (id int primary key); create table c (id int references p); drop table p cascade',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); drop table t',
      'begin; create table p (id int primary key); create table c (id int references p); drop table c',
    ],
  },
  on: ['DropStmt'],
  detect({ statement, facts, before }) {
    if (!('DropStmt' in statement.node) || statement.node.DropStmt.removeType !== 'OBJECT_TABLE') return []
    const dropped = new Set(facts.destroys.map((thing) => thing.slice(thing.indexOf(' ') + 1)))
    const partners = oldOnes(
      facts.locks.filter(({ relation, blocksReads }) => blocksReads && !dropped.has(relation)).map(({ relation }) => relation),
      before,
    ).filter((key) => before.relations.get(key)?.kind !== 'sequence')
    return partners.length === 0
      ? []
      : [
          {
            rule: 'drop-table-locks-parents',
            severity: 'warning',
            message: `DROP TABLE also takes ACCESS EXCLUSIVE on ${listed(partners)}: all reads and writes there wait behind it`,
            fix: 'Drop the foreign keys first, one at a time, each in a transaction of its own with a short lock_timeout.',
            ...(partners[0] !== undefined && { relation: partners[0] }),
            rewrite: 'drop-table-after-foreign-keys',
            breaksOldApp: false,
          },
        ]
  },
}
