import type { Index } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { findIndex, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { nameParts } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { isOld, type Input } from './_input.ts'
import { broughtBefore } from './_transaction.ts'

/** An index is dropped before the one that takes its place is there. */
export const indexReplacedInGap: HazardRule<PgNode, Topic> = {
  id: 'index-replaced-in-gap',
  group: 'operations',
  title: 'An index is dropped before the one that takes its place is there',
  why: 'Until the new index is built, queries that used the old one read the whole table. In one transaction it is worse: DROP INDEX keeps everyone out of the table until the new one is built and committed.',
  source: 'https://www.postgresql.org/docs/current/sql-dropindex.html; measured on 13 to 18: ACCESS EXCLUSIVE on the table',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); begin; drop index t_a; create index t_a on t (a, b)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); begin; drop index t_a; create index t_a_live on t (a) where b is null',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); begin; create index t_ab on t (a, b); drop index t_a',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index t_a on t (a); begin; drop index t_a; create index t_b on t (b)',
    ],
  },
  on: ['IndexStmt'],
  detect(input) {
    const { statement, before } = input
    if (!('IndexStmt' in statement.node)) return []
    const { relation: range, idxname, indexParams = [] } = statement.node.IndexStmt
    const key = relationKey(range ?? {}, before)
    const [first] = indexParams.flatMap((each) => ('IndexElem' in each ? [each.IndexElem.name] : []))
    const gone = droppedFrom(key, input).find(({ name, columns }) => name === idxname || (first !== undefined && columns[0] === first))
    if (gone === undefined || !isOld(key, before)) return []
    return [
      {
        rule: 'index-replaced-in-gap',
        severity: 'warning',
        message: `${gone.name} of ${key} is dropped above, before this index is there: until it is built, queries that used the old one read the whole table`,
        fix: 'Build the new index first, under another name and CONCURRENTLY, then drop the old one and rename.',
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}

function droppedFrom(key: string, input: Input): readonly Index[] {
  return droppedBefore(input).flatMap(({ relation, index }) => (relation === key ? [index] : []))
}

const droppedBefore = broughtBefore(({ statement: { node }, before }) => {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_INDEX') return []
  return (node.DropStmt.objects ?? []).flatMap((object) => {
    const found = findIndex(nameParts(object), before)
    const index = before.relations.get(found?.relation ?? '')?.indexes.find(({ name }) => name === found?.name)
    return found === undefined || index === undefined ? [] : [{ relation: found.relation, index }]
  })
})
