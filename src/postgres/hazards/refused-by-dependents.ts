import type { HazardRule } from '../../model/hazard.ts'
import { parseExpression } from '../facts/expression.ts'
import { foreignKeysTo } from '../facts/relations.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { columnsIn, nameParts } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, isOld, listed, type Found, type Input } from './_input.ts'

/** The server refuses what other objects stand on. */
export const refusedByDependents: HazardRule<PgNode, Topic> = {
  id: 'refused-by-dependents',
  group: 'operations',
  title: 'The server refuses what other objects stand on',
  why: 'A view, a policy, a generated column or a foreign key of another table knows the column or table by its type and place. The server refuses to drop it without CASCADE (2BP01), or to change its type (0A000), while they are there.',
  source: 'https://www.postgresql.org/docs/current/ddl-depend.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; alter table t drop column a',
      'create table g (a int, s int generated always as (a + 1) stored); alter table g alter column a type bigint',
      'create table g (a int, s int generated always as (a + 1) stored); alter table g drop column a',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create policy p on t using (a > 0); alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; drop table t',
      'create table p (id int primary key); create table c (id int references p); drop table p',
      'create table p (id int primary key); create table c (id int references p); alter table p drop constraint p_pkey',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; alter table t alter column b type varchar(9)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; drop view v; alter table t alter column a type bigint',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select a from t; drop table t cascade',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create policy p on t using (a > 0); alter table t drop column b',
      'create table p (id int primary key); create table c (id int references p); drop table p, c',
      'create table p (id int primary key, up int references p); drop table p',
    ],
  },
  on: ['DropStmt', 'AT_AlterColumnType', 'AT_DropColumn', 'AT_DropConstraint'],
  detect(input) {
    // What the sandbox ran is not refused.
    if (input.facts.evidence === 'observed') return []
    return [...columnsStoodOn(input), ...keysStoodOn(input), ...relationsStoodOn(input)].map(({ relation, what, by, sure }) => ({
      rule: 'refused-by-dependents',
      severity: sure ? ('error' as const) : ('warning' as const),
      message: `the server refuses to ${what}: ${listed(by)} ${sure ? '' : 'may '}${by.length > 1 || !sure ? 'stand' : 'stands'} on it`,
      fix: 'Drop what stands on it first and make it again afterwards, in one transaction.',
      relation,
      breaksOldApp: false,
    }))
  },
}

interface Refusal {
  readonly relation: string
  readonly what: string
  readonly by: readonly string[]
  /** Which columns a view reads is not in the catalog: only those that it shows. */
  readonly sure: boolean
}

function columnsStoodOn(input: Input): readonly Refusal[] {
  const changed = actionsOf(input, 'AT_AlterColumnType', 'AT_DropColumn').filter(({ command }) => command.behavior !== 'DROP_CASCADE')
  return changed.flatMap((found): readonly Refusal[] => {
    const drops = found.command.subtype === 'AT_DropColumn'
    const what = `${drops ? 'drop' : 'change the type of'} ${found.command.name ?? ''} of ${found.key}`
    const sure = [...generatedFrom(found), ...policiesOn(found)]
    if (sure.length > 0) return [{ relation: found.key, what, by: sure, sure: true }]
    const views = viewsShowing(found, input)
    return views.length === 0 ? [] : [{ relation: found.key, what, by: views, sure: false }]
  })
}

function generatedFrom({ relation, command: { name = '' } }: Found): readonly string[] {
  return (relation?.columns ?? [])
    .filter((column) => column.generated !== undefined && columnsIn(parseExpression(column.default ?? 'NULL')).includes(name))
    .map((column) => `the generated column ${column.name}`)
}

function policiesOn({ relation, command: { name = '' } }: Found): readonly string[] {
  return (relation?.policies ?? []).filter(({ mentions }) => mentions.includes(name)).map((policy) => `the policy ${policy.name}`)
}

function viewsShowing({ relation, command: { name = '' } }: Found, { before }: Input): readonly string[] {
  return (relation?.dependentViews ?? []).filter((view) => before.relations.get(view)?.columns.some((column) => column.name === name))
}

function keysStoodOn(input: Input): readonly Refusal[] {
  return actionsOf(input, 'AT_DropConstraint').flatMap(({ key, relation, command: { name = '', behavior } }) => {
    const constraint = relation?.constraints.find((one) => one.name === name)
    if (constraint === undefined || behavior === 'DROP_CASCADE' || (constraint.kind !== 'primary-key' && constraint.kind !== 'unique'))
      return []
    const columns = inOrder(constraint.columns)
    const by = foreignKeysTo(key, input.before)
      .filter(({ foreignKey }) => inOrder(foreignKey.referencedColumns) === columns)
      .map(({ from, foreignKey }) => `the foreign key ${foreignKey.name} of ${from}`)
    // Another key of the same columns may be the one that they stand on.
    const only = relation?.indexes.filter((index) => index.unique && inOrder(index.columns) === columns).length === 1
    return by.length === 0 ? [] : [{ relation: key, what: `drop ${name} of ${key}`, by, sure: only }]
  })
}

/** The columns of a key, whatever their order in it. */
function inOrder(columns: readonly (string | undefined)[]): string {
  return JSON.stringify(columns.map((column) => column ?? '').toSorted((one, other) => (one < other ? -1 : 1)))
}

const kinds: ReadonlySet<string> = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE'])

function relationsStoodOn({ statement: { node }, before }: Input): readonly Refusal[] {
  if (!('DropStmt' in node) || node.DropStmt.behavior === 'DROP_CASCADE' || !kinds.has(node.DropStmt.removeType ?? '')) return []
  const dropped = (node.DropStmt.objects ?? []).map((object) => relationKey(nameParts(object), before))
  return dropped
    .filter((key) => isOld(key, before))
    .flatMap((key) => {
      const views = (before.relations.get(key)?.dependentViews ?? []).filter((view) => !dropped.includes(view))
      const keys = foreignKeysTo(key, before).filter(({ from }) => !dropped.includes(from))
      const by = [...views, ...keys.map(({ from, foreignKey }) => `the foreign key ${foreignKey.name} of ${from}`)]
      return by.length === 0 ? [] : [{ relation: key, what: `drop ${key}`, by, sure: true }]
    })
}
