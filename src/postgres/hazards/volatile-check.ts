import type { Catalog } from '../../model/catalog.ts'
import type { HazardRule } from '../../model/hazard.ts'
import { constraintsOf } from '../facts/add-column.ts'
import { volatilityOf } from '../facts/expression.ts'
import { findFunction, creationKey } from '../names.ts'
import { textsOf, type Constraint, type PgNode, type SQLValueFunction } from '../node.ts'
import { callsIn, nodesTagged } from '../tree.ts'
import type { Topic } from '../topics.ts'
import { actionsOf, columnIn, constraintIn, listed, type Input } from './_input.ts'

/** A CHECK that does not always say the same of a row. */
export const volatileCheck: HazardRule<PgNode, Topic> = {
  id: 'volatile-check',
  group: 'operations',
  title: 'A CHECK that does not always say the same of a row',
  why: 'A CHECK is tried when a row is written, and believed from then on. With the clock, the user, a setting or a look into other tables in it, rows that were right become wrong without a word: VALIDATE, a restore from a dump and a copy of the table then fail on them.',
  source:
    'https://www.postgresql.org/docs/current/ddl-constraints.html#DDL-CONSTRAINTS-CHECK-CONSTRAINTS (the note on immutable conditions)',
  examples: {
    hazardous: [
      'create table t (id bigint primary key, at timestamptz); alter table t add constraint k check (at <= now()) not valid',
      "create function f(int) returns bool language plpgsql as 'begin return true; end'; create table t (id bigint primary key, a int); alter table t add constraint k check (f(a)) not valid",
      'create table t (id bigint primary key, day date check (day >= current_date))',
    ],
    safe: [
      "create table t (id bigint primary key, at timestamptz); alter table t add constraint k check (at > '2020-01-01') not valid",
      'create table t (id bigint primary key, b text check (lower(b) = b and length(b) < 10))',
      "create function f(int) returns bool language plpgsql immutable as 'begin return true; end'; create table t (id bigint primary key, a int); alter table t add constraint k check (f(a)) not valid",
    ],
  },
  on: ['CreateStmt', 'AT_AddConstraint', 'AT_AddColumn'],
  detect(input) {
    return checksIn(input).flatMap(({ key, check }) => {
      const changing = changingIn(check.raw_expr, input.before)
      if (changing.length === 0) return []
      return [
        {
          rule: 'volatile-check',
          severity: 'warning' as const,
          message: `the CHECK of ${key} calls ${listed(changing)}: what it says of a row that is there already can change`,
          fix: 'Compare with columns and constants alone; put what depends on time or on other rows into a trigger or the application.',
          relation: key,
          breaksOldApp: false,
        },
      ]
    })
  },
}

interface Check {
  readonly key: string
  readonly check: Constraint
}

function checksIn(input: Input): readonly Check[] {
  const { node } = input.statement
  const created =
    'CreateStmt' in node
      ? checksOf(node.CreateStmt.tableElts ?? []).map((check) => ({
          check,
          key: creationKey(node.CreateStmt.relation ?? {}, input.before),
        }))
      : []
  const alone = actionsOf(input, 'AT_AddConstraint').flatMap((found) =>
    checksOf([{ Constraint: constraintIn(found) ?? {} }]).map((check) => ({ check, key: found.key })),
  )
  const inline = actionsOf(input, 'AT_AddColumn').flatMap((found) =>
    checksOf([{ ColumnDef: columnIn(found) ?? {} }]).map((check) => ({ check, key: found.key })),
  )
  return [...created, ...alone, ...inline]
}

function checksOf(elements: readonly PgNode[]): readonly Constraint[] {
  return elements
    .flatMap((node) => ('ColumnDef' in node ? constraintsOf(node.ColumnDef) : 'Constraint' in node ? [node.Constraint] : []))
    .filter(({ contype }) => contype === 'CONSTR_CHECK')
}

/** What is called whose answer changes: by the clock or the session, or because it is the user's and not declared IMMUTABLE. */
function changingIn(expression: PgNode | undefined, catalog: Catalog): readonly string[] {
  const words = nodesTagged<SQLValueFunction>('SQLValueFunction', expression).map(({ op = '' }) => op.replace('SVFOP_', '').toLowerCase())
  const calls = callsIn(expression).flatMap((call) => {
    const name = textsOf(call.funcname).at(-1) ?? ''
    const found = findFunction(textsOf(call.funcname), catalog)
    const isOwn = found !== undefined && !found.key.startsWith('pg_catalog.')
    const changes = isOwn
      ? found.overloads.some(({ volatility }) => volatility !== 'immutable')
      : bySession.has(name) || volatilityOf({ FuncCall: call }, catalog).volatile
    return changes ? [`${name}()`] : []
  })
  return [...new Set([...words, ...calls])]
}

/** The server's own that are STABLE because they look at the clock or the session; others of that kind only depend on how values are printed. */
const bySession: ReadonlySet<string> = new Set([
  'now',
  'transaction_timestamp',
  'statement_timestamp',
  'age',
  'current_setting',
  'current_database',
  'pg_backend_pid',
  'txid_current',
  'pg_current_xact_id',
  'inet_client_addr',
])
