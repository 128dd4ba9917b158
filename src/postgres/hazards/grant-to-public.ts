import type { HazardRule } from '../../model/hazard.ts'
import type { GrantStmt, PgNode, RoleSpec } from '../node.ts'
import { relationKey } from '../names.ts'
import { nodesTagged } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { listed } from './_input.ts'

/** Every role of the server gets the privilege, those to come too. */
export const grantToPublic: HazardRule<PgNode, Topic> = {
  id: 'grant-to-public',
  group: 'operations',
  title: 'Every role of the server gets the privilege, those to come too',
  why: 'PUBLIC is everyone who can connect: the roles of other applications, of reports and of monitoring, and each role that is made later.',
  source: 'https://www.postgresql.org/docs/current/sql-grant.html',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); grant select on t to public',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); grant all on all tables in schema public to public',
      'alter default privileges grant select on tables to public',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); grant select on t to pg_monitor',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); revoke select on t from public',
      'grant usage on schema public to public',
    ],
  },
  on: ['GrantStmt', 'AlterDefaultPrivilegesStmt'],
  detect({ statement: { node }, before }) {
    const statement = grantIn(node)
    if (statement?.is_grant !== true || !isToPublic(statement)) return []
    const names = (statement.privileges ?? []).flatMap((each) => ('AccessPriv' in each ? (each.AccessPriv.priv_name ?? []) : []))
    // To look a name up is no access to what it names.
    if (names.length > 0 && names.every((name) => name === 'usage')) return []
    const what = names.length === 0 ? 'all privileges' : listed(names.map((name) => name.toUpperCase()))
    const on = (statement.objects ?? []).flatMap((each) => ('RangeVar' in each ? relationKey(each.RangeVar, before) : []))
    return [
      {
        rule: 'grant-to-public',
        severity: 'warning',
        message: `every role gets ${on.length === 0 ? what : `${what} on ${listed(on)}`}, roles that are made later too`,
        fix: 'Grant it to the roles that need it, or to one role that they are members of.',
        ...(on[0] !== undefined && { relation: on[0] }),
        breaksOldApp: false,
      },
    ]
  },
}

function grantIn(node: PgNode): GrantStmt | undefined {
  if ('GrantStmt' in node) return node.GrantStmt
  return 'AlterDefaultPrivilegesStmt' in node ? node.AlterDefaultPrivilegesStmt.action : undefined
}

function isToPublic({ grantees }: GrantStmt): boolean {
  return nodesTagged<RoleSpec>('RoleSpec', grantees).some(({ roletype }) => roletype === 'ROLESPEC_PUBLIC')
}
