import type { Catalog, Relation } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { parseExpression } from '../facts/expression.ts'
import { creationKey, findFunction } from '../names.ts'
import { textsOf, type PgNode } from '../node.ts'
import { parse } from '../parse.ts'
import { callsIn, optionOf } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { listed } from './_input.ts'

/** What was stored by the old function stays as it was. */
export const replacedFunction: HazardRule<PgNode, Topic> = {
  id: 'replaced-function',
  group: 'operations',
  title: 'What was stored by the old function stays as it was',
  why: 'An index, a CHECK or a generated column that calls a function holds what the old one gave: with another body the index no longer finds its rows, and no old row is checked anew. The server looks at neither when the function is replaced, nor does it mind that it is not IMMUTABLE any more.',
  source: 'https://www.postgresql.org/docs/current/xfunc-volatility.html; measured on 13 to 18',
  examples: {
    hazardous: [
      "create function f(int) returns int language plpgsql immutable as 'begin return $1; end'; create table t (a int); create index i on t (f(a)); create or replace function f(int) returns int language plpgsql immutable as 'begin return $1 + 1; end'",
      "create function f(int) returns int language plpgsql immutable as 'begin return $1; end'; create table t (a int, check (f(a) > 0)); create or replace function f(int) returns int language plpgsql as 'begin return $1; end'",
      "create function f(int) returns int language plpgsql immutable as 'begin return $1; end'; create table t (a int, g int generated always as (f(a)) stored); alter function f(int) volatile",
    ],
    safe: [
      "create function f(int) returns int language plpgsql immutable as 'begin return $1; end'; create or replace function f(int) returns int language plpgsql immutable as 'begin return $1 + 1; end'",
      "create function f(int) returns int language plpgsql immutable as 'begin return $1; end'; create table t (a int default f(1)); create or replace function f(int) returns int language plpgsql immutable as 'begin return $1 + 1; end'",
    ],
  },
  on: ['CreateFunctionStmt', 'AlterFunctionStmt'],
  detect({ statement: { node }, before }) {
    const changed = changedIn(node, before)
    const uses = changed === undefined ? [] : usesOf(changed.key, before)
    const [first] = uses
    if (changed === undefined || first === undefined) return []
    return [
      {
        rule: 'replaced-function',
        // It may be another overload: the catalog does not tell them apart.
        severity: 'warning',
        message: `${changed.key}() is called by ${listed(uses.map(({ what }) => what))}: ${changed.immutable ? 'what they hold was made by the old body, and is not made anew' : 'it is not IMMUTABLE any more, so that they may give wrong results from then on'}`,
        fix: 'Make a function of a new name, and move the index (concurrently), the CHECK or the column over to it.',
        relation: first.relation,
        breaksOldApp: false,
      },
    ]
  },
}

function changedIn(node: PgNode, catalog: Catalog): { readonly key: string; readonly immutable: boolean } | undefined {
  if ('CreateFunctionStmt' in node) {
    const { funcname = [], options, replace } = node.CreateFunctionStmt
    const key = creationKey(funcname, catalog)
    return replace === true && catalog.functions.has(key) ? { key, immutable: optionOf(options, 'volatility') === 'immutable' } : undefined
  }
  if (!('AlterFunctionStmt' in node)) return undefined
  const volatility = optionOf(node.AlterFunctionStmt.actions, 'volatility')
  const key = findFunction(node.AlterFunctionStmt.func?.objname ?? [], catalog)?.key
  return key === undefined || volatility === undefined || volatility === 'immutable' ? undefined : { key, immutable: false }
}

interface Use {
  readonly relation: string
  readonly what: string
}

function usesOf(key: string, catalog: Catalog): readonly Use[] {
  const name = /(?:"(?:[^"]|"")*"|[^".]+)$/.exec(key)?.[0] ?? key
  const calls = (tree: unknown) => callsIn(tree).some(({ funcname }) => findFunction(textsOf(funcname), catalog)?.key === key)
  // Only texts that hold the name are parsed.
  const holds = (text: string, read: (text: string) => unknown) => text.includes(name) && calls(read(text))
  return [...catalog.relations].flatMap(([relation, found]) =>
    usesIn(found, holds).map((what) => ({ relation, what: `${what} of ${relation}` })),
  )
}

type Holds = (text: string, read: (text: string) => unknown) => boolean

function usesIn({ indexes, constraints, columns }: Relation, holds: Holds): readonly string[] {
  return [
    ...indexes.filter(({ definition }) => holds(definition, (text) => parse(Buffer.from(text)))).map((index) => `index ${index.name}`),
    ...constraints.filter((one) => one.kind === 'check' && holds(one.expression, parseExpression)).map((one) => `CHECK ${one.name}`),
    ...columns.filter((one) => one.generated !== undefined && holds(one.default ?? '', parseExpression)).map((one) => `column ${one.name}`),
  ]
}
