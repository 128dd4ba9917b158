import type { HazardRule } from '../../model/hazard.ts'
import { creationKey } from '../names.ts'
import type { CreateFunctionStmt, PgNode } from '../node.ts'
import { optionOf } from '../tree.ts'
import type { Topic } from '../topics.ts'

/** A function with its owner's rights looks names up where its caller says. */
export const securityDefinerSearchPath: HazardRule<PgNode, Topic> = {
  id: 'security-definer-search-path',
  group: 'operations',
  title: "A function with its owner's rights looks names up where its caller says",
  why: "SECURITY DEFINER runs with the rights of the function's owner, but with the caller's search_path: who may create a table or an operator in a schema of that path, pg_temp among them, has the owner run his own code.",
  source: 'https://www.postgresql.org/docs/current/sql-createfunction.html#SQL-CREATEFUNCTION-SECURITY',
  examples: {
    hazardous: [
      "create function f() returns int language sql security definer as 'select 1'",
      "create function f() returns void language plpgsql security definer set timezone = 'UTC' as 'begin end'",
    ],
    safe: [
      "create function f() returns int language sql security definer set search_path = '' as 'select 1'",
      "create function f() returns int language sql as 'select 1'",
      "create function f() returns int language sql security invoker as 'select 1'",
    ],
  },
  on: ['CreateFunctionStmt'],
  detect({ statement: { node }, before }) {
    if (!('CreateFunctionStmt' in node)) return []
    const { options, funcname = [] } = node.CreateFunctionStmt
    if (optionOf(options, 'security') !== true || isBound(node.CreateFunctionStmt)) return []
    return [
      {
        rule: 'security-definer-search-path',
        severity: 'warning',
        message: `${creationKey(funcname, before)} runs with the rights of its owner and looks names up in the search_path of its caller`,
        fix: "Add SET search_path = '' (or to schemas where only its owner may create) and qualify the names in it.",
        breaksOldApp: false,
      },
    ]
  },
}

// A body that is no string (14) is looked up once, when it is made.
function isBound({ options = [], sql_body }: CreateFunctionStmt): boolean {
  if (sql_body !== undefined) return true
  const settings = options.flatMap((node) => ('DefElem' in node && node.DefElem.defname === 'set' ? (node.DefElem.arg ?? []) : []))
  return settings.some((node) => 'VariableSetStmt' in node && node.VariableSetStmt.name === 'search_path')
}
