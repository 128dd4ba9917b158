import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'
import type { Topic } from '../topics.ts'
import { oldOnes, waiting } from './_input.ts'

/** A trigger that comes or goes stops the writers of its table for a moment. */
export const triggerLocksTable: HazardRule<PgNode, Topic> = {
  id: 'trigger-locks-table',
  group: 'lock',
  title: 'A trigger that comes or goes stops the writers of its table for a moment',
  why: 'CREATE TRIGGER takes SHARE ROW EXCLUSIVE, DROP TRIGGER and RENAME take ACCESS EXCLUSIVE. They are quick, but wait for every transaction that uses the table, and others wait behind them. From the commit on every write of the running application meets the new trigger.',
  source: 'measured on 13 to 18: SHARE ROW EXCLUSIVE to create, ACCESS EXCLUSIVE to drop or rename',
  examples: {
    hazardous: [
      "create function f() returns trigger language plpgsql as 'begin return new; end'; create table t (id bigint primary key); create trigger g before insert on t for each row execute function f()",
      "create function f() returns trigger language plpgsql as 'begin return new; end'; create table t (id bigint primary key); create trigger g before insert on t for each row execute function f(); drop trigger g on t",
    ],
    safe: [
      "create function f() returns trigger language plpgsql as 'begin return new; end'; begin; create table t (id bigint primary key); create trigger g before insert on t for each row execute function f()",
      'create table t (id bigint primary key); drop trigger if exists nothing on other',
    ],
  },
  on: ['CreateTrigStmt', 'DropStmt', 'RenameStmt'],
  detect({ statement: { node }, facts, before }) {
    const drops = 'DropStmt' in node && node.DropStmt.removeType === 'OBJECT_TRIGGER'
    const renames = 'RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_TRIGGER'
    if (!drops && !renames && !('CreateTrigStmt' in node)) return []
    const blocked = facts.locks.filter(({ blocksWrites }) => blocksWrites).map(({ relation }) => relation)
    return oldOnes(blocked, before)
      .slice(0, 1)
      .map((relation) => ({
        rule: 'trigger-locks-table',
        severity: 'info',
        message: `${waiting(facts, relation)} to ${relation} wait behind this statement while it waits for those that use the table`,
        fix: 'Keep it alone in its transaction, with a short lock_timeout and retries.',
        relation,
        breaksOldApp: false,
      }))
  },
}
