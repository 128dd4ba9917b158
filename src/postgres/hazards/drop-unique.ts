import type { HazardRule } from '../../model/hazard.ts'
import { findIndex } from '../names.ts'
import { nameParts } from '../tree.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, isOld, type Input } from './_input.ts'

/** A unique constraint or index goes. */
export const dropUnique: HazardRule<PgNode, Topic> = {
  id: 'drop-unique',
  group: 'compatibility',
  title: 'A unique constraint or index goes',
  why: 'INSERT ... ON CONFLICT of the application that still runs needs it and fails without it, and duplicates can come in. A primary key is what replication knows rows by.',
  source: 'https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT',
  examples: {
    hazardous: [
      'create table t (id int, constraint u unique (id)); alter table t drop constraint u',
      'create table t (id int); create unique index u on t (id); drop index u',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add constraint k check (a > 0); alter table t drop constraint k',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index i on t (a); drop index i',
      'begin; create table t (id int, constraint u unique (id)); alter table t drop constraint u',
    ],
  },
  on: ['DropStmt', 'AT_DropConstraint'],
  detect(input) {
    const constraints = actionsOf(input, 'AT_DropConstraint').filter(
      ({ relation, command }) =>
        relation?.constraints.some(({ name, kind }) => name === command.name && (kind === 'unique' || kind === 'primary-key')) === true,
    )
    return [...constraints.map(({ key, command }) => ({ key, name: command.name ?? '' })), ...droppedIndexes(input)].map(
      ({ key, name }) => ({
        rule: 'drop-unique',
        severity: 'warning',
        message: `${name} of ${key} goes: upserts (ON CONFLICT) of the running application that need it fail, and duplicates can come in`,
        fix: 'Make sure that no running version upserts on these columns; build another unique index first where one is needed.',
        relation: key,
        breaksOldApp: false,
      }),
    )
  },
}

function droppedIndexes({ statement: { node }, before }: Input): readonly { readonly key: string; readonly name: string }[] {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_INDEX') return []
  return (node.DropStmt.objects ?? []).flatMap((object) => {
    const found = findIndex(nameParts(object), before)
    const unique =
      found !== undefined &&
      before.relations.get(found.relation)?.indexes.some(({ name, unique: is }) => is && name === found.name) === true
    return unique && isOld(found.relation, before) ? [{ key: found.relation, name: found.name }] : []
  })
}
