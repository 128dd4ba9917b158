import type { HazardRule } from '../../model/hazard.ts'
import type { GrantStmt, PgNode, RoleSpec } from '../node.ts'
import { creationKey, relationKey } from '../names.ts'
import { nodesTagged } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { listed, type Input } from './_input.ts'

/** Whoever works with the privilege is refused from then on. */
export const revokePrivilege: HazardRule<PgNode, Topic> = {
  id: 'revoke-privilege',
  group: 'compatibility',
  title: 'Whoever works with the privilege is refused from then on',
  why: 'REVOKE takes effect at once, in open sessions too: queries of the running application that need the privilege fail (42501). What one role got through another goes with CASCADE.',
  source: 'https://www.postgresql.org/docs/current/sql-revoke.html; measured on 13 to 18',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); grant update on t to pg_monitor; revoke update on t from pg_monitor',
      'create table t (id bigint primary key, a int, b text, c varchar(10)); revoke all on all tables in schema public from app',
      'revoke usage on schema public from public',
      'revoke writers from app',
    ],
    safe: [
      'create table t (id bigint primary key, a int, b text, c varchar(10)); grant select on t to pg_monitor',
      'begin; create table t (id bigint primary key, a int, b text, c varchar(10)); revoke all on t from public',
      "begin; create function f() returns int language sql as 'select 1'; revoke all on function f() from public",
    ],
  },
  on: ['GrantStmt', 'GrantRoleStmt'],
  detect(input) {
    const { node } = input.statement
    const what = 'GrantStmt' in node ? revoked(node.GrantStmt, input) : 'GrantRoleStmt' in node ? roleOf(node) : undefined
    if (what === undefined) return []
    return [
      {
        rule: 'revoke-privilege',
        severity: 'warning',
        message: `${what.from} loses ${what.privilege}: queries of the running application that need it fail at once`,
        fix: 'Make sure that no running version works with it, in its own name or through another role.',
        ...(what.relation !== undefined && { relation: what.relation }),
        breaksOldApp: false,
      },
    ]
  },
}

interface Revoked {
  readonly privilege: string
  readonly from: string
  readonly relation?: string
}

function revoked(statement: GrantStmt, input: Input): Revoked | undefined {
  if (statement.is_grant === true || isNew(statement, input)) return undefined
  const names = (statement.privileges ?? []).flatMap((each) => ('AccessPriv' in each ? (each.AccessPriv.priv_name ?? []) : []))
  const on = rangeKeys(statement, input)
  const privilege = names.length === 0 ? 'all privileges' : listed(names.map((name) => name.toUpperCase()))
  return {
    privilege: on.length === 0 ? privilege : `${privilege} on ${listed(on)}`,
    from: rolesIn(statement.grantees),
    ...(on[0] !== undefined && { relation: on[0] }),
  }
}

function rangeKeys({ objects = [] }: GrantStmt, { before }: Input): readonly string[] {
  return objects.flatMap((each) => ('RangeVar' in each ? relationKey(each.RangeVar, before) : []))
}

// Nobody works yet with what this migration made.
function isNew(statement: GrantStmt, input: Input): boolean {
  const keys = rangeKeys(statement, input)
  if (keys.length > 0) return keys.every((key) => input.before.relations.get(key)?.isNew === true)
  const made = input.transaction
    .slice(0, input.at)
    .flatMap(({ statement: { node } }) => ('CreateFunctionStmt' in node ? node.CreateFunctionStmt : []))
  const functions = (statement.objects ?? []).flatMap((each) =>
    'ObjectWithArgs' in each ? creationKey(each.ObjectWithArgs.objname ?? [], input.before) : [],
  )
  return functions.length > 0 && functions.every((key) => made.some(({ funcname = [] }) => creationKey(funcname, input.before) === key))
}

function roleOf({ GrantRoleStmt: statement }: Extract<PgNode, { GrantRoleStmt: unknown }>): Revoked | undefined {
  if (statement.is_grant === true) return undefined
  const roles = (statement.granted_roles ?? []).flatMap((each) => ('AccessPriv' in each ? (each.AccessPriv.priv_name ?? []) : []))
  return { privilege: `the rights of ${listed(roles)}`, from: rolesIn(statement.grantee_roles) }
}

function rolesIn(nodes: readonly PgNode[] | undefined): string {
  return listed(
    nodesTagged<RoleSpec>('RoleSpec', nodes).map(
      ({ rolename, roletype }) => rolename ?? (roletype === 'ROLESPEC_PUBLIC' ? 'PUBLIC' : 'the current role'),
    ),
  )
}
