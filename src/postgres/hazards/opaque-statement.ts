import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'

/** What the statement does is not looked into. */
export const opaqueStatement: HazardRule<PgNode> = {
  id: 'opaque-statement',
  group: 'operations',
  title: 'What the statement does is not looked into',
  why: 'A DO block, a procedure or a volatile function of yours may lock and change anything. Without a run in the sandbox nothing is known of it.',
  source: 'https://www.postgresql.org/docs/current/sql-do.html',
  examples: {
    hazardous: [
      "do $$begin execute 'alter table t add column z int'; end$$",
      "create function f() returns void language plpgsql as 'begin end'; select f()",
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); select count(*) from t',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int',
    ],
  },
  detect({ statement, facts }) {
    if (facts.condition?.includes('is not looked into') !== true) return []
    return [
      {
        rule: 'opaque-statement',
        severity: 'warning',
        message: `${facts.condition}: it may lock and change any table (line ${statement.line})`,
        fix: 'Write the statements as plain SQL, so that each can be judged.',
        breaksOldApp: false,
      },
    ]
  },
}
