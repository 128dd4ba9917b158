import type { Catalog } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import type { DropStmt, PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, isOld, listed, type Input } from './_input.ts'

/** CASCADE takes more than the statement names. */
export const cascadeDropsMore: HazardRule<PgNode, Topic> = {
  id: 'cascade-drops-more',
  group: 'data-loss',
  title: 'CASCADE takes more than the statement names',
  why: 'Foreign keys of other tables, views, defaults and triggers that stand on what is dropped go with it, without being named: from then on rows that point nowhere come in, and queries on the views fail.',
  source: 'https://www.postgresql.org/docs/current/ddl-depend.html',
  examples: {
    hazardous: [
      'create table p (id int primary key); create table c (id int references p); alter table p drop constraint p_pkey cascade',
      'create table p (id int primary key); create table c (id int references p); drop table p cascade',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; alter table t drop column a cascade',
      'create sequence s; create table n (id int default 1); drop sequence s cascade',
      "create function f() returns int language sql as 'select 1'; drop function f() cascade",
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); drop table t cascade',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column a cascade',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; drop view v',
      'begin; create table p (id int primary key); create table c (id int references p); drop table p cascade',
    ],
  },
  on: ['DropStmt', 'AT_DropColumn', 'AT_DropConstraint'],
  detect(input) {
    const named = namedIn(input)
    if (named === undefined) return []
    const lost = lostElsewhere(input, named.relations)
    if (lost.length === 0 && !named.hidden) return []
    return [
      {
        rule: 'cascade-drops-more',
        severity: 'warning',
        message:
          lost.length === 0
            ? 'CASCADE also drops whatever stands on it: defaults, triggers, indexes, columns'
            : `CASCADE also drops ${listed(lost.slice(0, 5).map(({ what }) => what))}${lost.length > 5 ? ` and ${lost.length - 5} more` : ''}`,
        fix: 'Drop each of them by name first, then leave CASCADE out: the server then says what is left.',
        ...(lost[0] !== undefined && { relation: lost[0].relation }),
        breaksOldApp: false,
      },
    ]
  },
}

interface Named {
  /** Canonical names that the statement says itself. */
  readonly relations: readonly string[]
  /** What may fall with it is not in the catalog. */
  readonly hidden: boolean
}

function namedIn(input: Input): Named | undefined {
  const { node } = input.statement
  const actions = actionsOf(input, 'AT_DropColumn', 'AT_DropConstraint').filter(({ command }) => command.behavior === 'DROP_CASCADE')
  if (actions.length > 0) return { relations: actions.map(({ key }) => key), hidden: false }
  if (!('DropStmt' in node) || node.DropStmt.behavior !== 'DROP_CASCADE') return undefined
  return { relations: goneIn(input), hidden: hides(node.DropStmt) }
}

const kinds: ReadonlySet<string> = new Set([
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_EXTENSION',
  'OBJECT_SEQUENCE',
  'OBJECT_OPERATOR',
  'OBJECT_LANGUAGE',
])

function hides({ removeType = 'OBJECT_TABLE' }: DropStmt): boolean {
  return kinds.has(removeType)
}

/** Other rules speak of the tables and views that facts list. */
function goneIn({ facts }: Input): readonly string[] {
  return facts.destroys.flatMap((thing) => /^(?:table|sequence) (.*)$/.exec(thing)?.[1] ?? [])
}

interface Lost {
  readonly relation: string
  readonly what: string
}

function lostElsewhere({ statement, before }: Input, named: readonly string[]): readonly Lost[] {
  const after = simulate(statement, before)
  if (after.relations === before.relations) return []
  return [...before.relations.keys()]
    .filter((key) => !named.includes(key) && isOld(key, before) && after.relations.get(key) !== before.relations.get(key))
    .flatMap((key) => lostFrom(key, before, after))
}

function lostFrom(key: string, before: Catalog, after: Catalog): readonly Lost[] {
  const [old, now] = [before.relations.get(key), after.relations.get(key)]
  if (old === undefined || old.kind === 'sequence') return []
  if (now === undefined)
    return [{ relation: key, what: `${old.kind === 'view' || old.kind === 'materialized-view' ? 'view' : 'table'} ${key}` }]
  const keys = old.constraints.filter(({ name }) => !now.constraints.some((constraint) => constraint.name === name))
  return keys.map(({ name }) => ({ relation: key, what: `constraint ${name} of ${key}` }))
}
