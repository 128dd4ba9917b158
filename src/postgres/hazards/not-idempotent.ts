import type { HazardRule } from '../../model/hazard.ts'
import type { PgNode } from '../node.ts'

/** Run a second time, the statement fails. */
export const notIdempotent: HazardRule<PgNode> = {
  id: 'not-idempotent',
  group: 'style',
  title: 'Run a second time, the statement fails',
  why: 'A file that is not in one transaction and failed half-way cannot be run again where its first statements do not say IF [NOT] EXISTS. Lockkeeper itself keeps a journal and goes on where it was, so that you need this only where other tools run the files. IF NOT EXISTS looks at the name alone, and still takes its lock.',
  source: 'https://www.postgresql.org/docs/current/sql-createtable.html',
  examples: {
    hazardous: [
      'create table n (id int)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently i on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t drop column b',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); drop table t',
      'create view v as select 1 as x',
    ],
    safe: [
      'create table if not exists n (id int)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); create index concurrently if not exists i on t (a)',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); alter table t add column if not exists z int',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); drop table if exists t',
      'create or replace view v as select 1 as x',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); insert into t (id) values (1)',
    ],
  },
  detect({ statement: { node } }) {
    const words = wordsMissing(node)
    if (words === undefined) return []
    return [
      {
        rule: 'not-idempotent',
        severity: 'info',
        message: `run a second time, the statement fails: it does not say ${words}`,
        fix: `Say ${words}, or leave it to a journal of what was done.`,
        breaksOldApp: false,
      },
    ]
  },
}

function wordsMissing(node: PgNode): string | undefined {
  if ('CreateStmt' in node) return unless(node.CreateStmt.if_not_exists, 'IF NOT EXISTS')
  if ('IndexStmt' in node) return unless(node.IndexStmt.if_not_exists, 'IF NOT EXISTS')
  if ('CreateSeqStmt' in node) return unless(node.CreateSeqStmt.if_not_exists, 'IF NOT EXISTS')
  if ('CreateSchemaStmt' in node) return unless(node.CreateSchemaStmt.if_not_exists, 'IF NOT EXISTS')
  if ('DropStmt' in node) return unless(node.DropStmt.missing_ok, 'IF EXISTS')
  if ('ViewStmt' in node) return unless(node.ViewStmt.replace, 'OR REPLACE')
  if ('CreateFunctionStmt' in node) return unless(node.CreateFunctionStmt.replace, 'OR REPLACE')
  return 'AlterTableStmt' in node ? wordsOfActions(node.AlterTableStmt.cmds ?? []) : undefined
}

function unless(said: boolean | undefined, words: string): string | undefined {
  return said === true ? undefined : words
}

function wordsOfActions(nodes: readonly PgNode[]): string | undefined {
  const commands = nodes.flatMap((each) => ('AlterTableCmd' in each ? [each.AlterTableCmd] : []))
  const open = commands.find(({ subtype, missing_ok }) => missing_ok !== true && subtype !== undefined && subtype in actions)
  return actions[open?.subtype ?? '']
}

const actions: { readonly [subtype: string]: string } = {
  AT_AddColumn: 'IF NOT EXISTS',
  AT_DropColumn: 'IF EXISTS',
  AT_DropConstraint: 'IF EXISTS',
}
