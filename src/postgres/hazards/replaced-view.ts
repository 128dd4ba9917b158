import type { Column } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { simulate } from '../simulate.ts'
import type { Topic } from '../topics.ts'
import { isOld, listed } from './_input.ts'

/** A view shows something else from then on. */
export const replacedView: HazardRule<PgNode, Topic> = {
  id: 'replaced-view',
  group: 'compatibility',
  title: 'A view shows something else from then on',
  why: 'CREATE OR REPLACE VIEW changes at once what the running application, and every view over this one, reads; it waits for all who use the view, and everyone waits behind it. Columns may only be added at the end: the server refuses it where one is left out, renamed or of another type.',
  source: 'https://www.postgresql.org/docs/current/sql-createview.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id, a from t; create or replace view v as select id, a from t where a > 0',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id, a from t; create or replace view v as select id from t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id, a from t; create or replace view v as select id, b as a from t',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create or replace view v as select id from t',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); create view v as select id, a from t; create or replace view v as select id, a from t where a > 0',
    ],
  },
  on: ['ViewStmt'],
  detect({ statement, before }) {
    if (!('ViewStmt' in statement.node) || statement.node.ViewStmt.replace !== true) return []
    const key = relationKey(statement.node.ViewStmt.view ?? {}, before)
    const old = before.relations.get(key)
    if (old?.kind !== 'view' || !isOld(key, before)) return []
    const lost = lostColumns(old.columns, simulate(statement, before).relations.get(key)?.columns ?? [])
    return [
      {
        rule: 'replaced-view',
        ...(lost.length > 0 ? refused(key, lost) : replaced(key, old.dependentViews)),
        relation: key,
        breaksOldApp: false,
      },
    ]
  },
}

function refused(key: string, lost: readonly string[]) {
  return {
    severity: 'error' as const,
    message: `the server refuses to replace ${key}: ${listed(lost)} would be missing, in another place or of another type`,
    fix: 'Keep the old columns in their order and add new ones at the end, or make a view of a new name.',
  }
}

function replaced(key: string, over: readonly string[]) {
  return {
    severity: 'info' as const,
    message: `${key} shows something else from then on${over.length === 0 ? '' : `, and so do ${listed(over)} over it`}; queries on it wait for a moment`,
    fix: 'Make sure that every running version can read what it shows.',
  }
}

function lostColumns(old: readonly Column[], now: readonly Column[]): readonly string[] {
  return old.filter((column, at) => !isKept(column, now[at])).map(({ name }) => name)
}

// Of an expression the type is not known here.
function isKept(column: Column, now: Column | undefined): boolean {
  return now?.name === column.name && (now.type === column.type || now.type === 'unknown' || column.type === 'unknown')
}
