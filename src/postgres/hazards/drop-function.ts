import type { HazardRule } from '../../model/hazard.ts'
import { findFunction } from '../names.ts'
import { textsOf, type ObjectType, type PgNode } from '../node.ts'
import { nameParts } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { listed, type Input } from './_input.ts'

/** Callers of the function fail. */
export const dropFunction: HazardRule<PgNode, Topic> = {
  id: 'drop-function',
  group: 'compatibility',
  title: 'Callers of the function fail',
  why: 'A function that is dropped, renamed or moved to another schema is gone under its old name at once: queries of the application that still runs, and other functions that call it, fail. What the server itself knows to depend on it (triggers, indexes, defaults) makes it refuse the statement.',
  source: 'https://www.postgresql.org/docs/current/sql-dropfunction.html',
  examples: {
    hazardous: [
      "create function f() returns int language sql as 'select 1'; drop function f()",
      "create function f() returns int language sql as 'select 1'; alter function f() rename to g",
      "create function f() returns int language sql as 'select 1'; create schema s; alter function f() set schema s",
    ],
    safe: [
      'drop function if exists nothing()',
      "create function f() returns int language sql as 'select 1'; begin; drop function f(); create function f() returns text language sql as 'select 1'",
      "begin; create function f() returns int language sql as 'select 1'; drop function f()",
    ],
  },
  on: ['DropStmt', 'RenameStmt', 'AlterObjectSchemaStmt'],
  detect(input) {
    const names = goneIn(input)
      .map((parts) => findFunction(parts, input.before)?.key ?? (input.before.knowledge === 'partial' ? parts.join('.') : undefined))
      .filter((key) => key !== undefined && !madeIn(input, key))
    if (names.length === 0) return []
    return [
      {
        rule: 'drop-function',
        severity: 'warning',
        message: `${listed(names.map((name) => `${name ?? ''}()`))} is gone under this name: queries of the running application that call it fail`,
        fix: 'Deploy a version that does not call it first; keep one of the old name beside a new one until then.',
        breaksOldApp: false,
      },
    ]
  },
}

const kinds: ReadonlySet<ObjectType> = new Set(['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE', 'OBJECT_AGGREGATE'])

function goneIn({ statement: { node } }: Input): readonly (readonly string[])[] {
  if ('DropStmt' in node) return kinds.has(node.DropStmt.removeType ?? 'OBJECT_TABLE') ? (node.DropStmt.objects ?? []).map(namesOf) : []
  if ('RenameStmt' in node) return kinds.has(node.RenameStmt.renameType ?? 'OBJECT_TABLE') ? [namesOf(node.RenameStmt.object)] : []
  if (!('AlterObjectSchemaStmt' in node)) return []
  return kinds.has(node.AlterObjectSchemaStmt.objectType ?? 'OBJECT_TABLE') ? [namesOf(node.AlterObjectSchemaStmt.object)] : []
}

function namesOf(object: PgNode | undefined): readonly string[] {
  return object !== undefined && 'ObjectWithArgs' in object ? textsOf(object.ObjectWithArgs.objname) : nameParts(object)
}

// Made in the same transaction, before: nobody calls it yet. Made again after it: nobody sees the gap.
function madeIn({ transaction, before }: Input, key: string): boolean {
  return transaction.some(
    ({ statement: { node } }) => 'CreateFunctionStmt' in node && findFunction(node.CreateFunctionStmt.funcname ?? [], before)?.key === key,
  )
}
