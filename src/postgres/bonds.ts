import type { Role, Tie } from '../model/bond.ts'
import type { Judged } from '../model/hazard.ts'
import type { Relation } from '../model/catalog.ts'
import type { Statement } from '../model/statement.ts'
import { callsIn, nodesTagged } from './tree.ts'
import { textsOf, type A_Const, type FuncCall, type PgNode, type VariableSetStmt } from './node.ts'

/** What the statement is to the transaction and session around it (H4). */
export function roleOf({ node }: Pick<Statement<PgNode>, 'node'>): Role {
  if ('TransactionStmt' in node) return transactionRoles.get(node.TransactionStmt.kind ?? '') ?? 'plain'
  if ('VariableSetStmt' in node) return settingRole(node.VariableSetStmt)
  if ('DiscardStmt' in node) return 'session'
  if ('AlterEnumStmt' in node) return 'alone'
  return isSessionConfig(node) ? 'session' : 'plain'
}

const transactionRoles: ReadonlyMap<string, Role> = new Map([
  ['TRANS_STMT_BEGIN', 'begin'],
  ['TRANS_STMT_START', 'begin'],
  ['TRANS_STMT_COMMIT', 'commit'],
  ['TRANS_STMT_ROLLBACK', 'rollback'],
])

/** The runner sets these for each step; a short one would kill a concurrent build, a long one would stall the application. */
const ourSettings: ReadonlySet<string> = new Set([
  'lock_timeout',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'transaction_timeout',
  'deadlock_timeout',
])

function settingRole(setting: VariableSetStmt): Role {
  if (ourSettings.has(setting.name ?? '')) return 'ours'
  if (setting.is_local === true || setting.name === 'TRANSACTION' || identitySettings.has(setting.name ?? '')) return 'plain'
  return 'session'
}

/** Whoever made an object owns it: such a change of role is no mere setting. */
const identitySettings: ReadonlySet<string> = new Set(['role', 'session_authorization'])

// pg_dump writes SELECT pg_catalog.set_config('search_path', '', false).
function isSessionConfig(node: PgNode): boolean {
  const call = configCall(node)
  return call !== undefined && !isTrue(call.args?.[2])
}

function configCall(node: PgNode): FuncCall | undefined {
  return 'SelectStmt' in node ? callsIn(node).find((call) => textsOf(call.funcname).at(-1) === 'set_config') : undefined
}

function isTrue(node: PgNode | undefined): boolean {
  return nodesTagged<A_Const>('A_Const', node).some((constant) => constant.boolval?.boolval === true || constant.sval?.sval === 't')
}

/** Statements that must stay in one transaction, each with the reason. */
export function tiesOf(judged: readonly Judged<PgNode>[]): readonly Tie[] {
  return judged.flatMap((one, at) => tieAt(one, { judged, at }))
}

interface Place {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
}

function tieAt(one: Judged<PgNode>, place: Place): readonly Tie[] {
  const { node } = one.statement
  const temporary = temporaryName(node)
  if (temporary !== undefined) return tie(place, lastMention(place, temporary), `the temporary table ${temporary}`)
  if ('VariableSetStmt' in node) return settingTie(node.VariableSetStmt, place)
  if ('PrepareStmt' in node) return tie(place, lastOf(place, 'ExecuteStmt'), `the prepared statement ${node.PrepareStmt.name ?? ''}`)
  const reason = reasonToTheEnd(one)
  if (reason !== undefined) return tie(place, endOf(place), reason)
  return isDeferred(one)
    ? tie(place, endOf(place), 'a constraint that is checked only at the end of the transaction').map((found) => ({
        ...found,
        inTransaction: true,
      }))
    : callTies(node, place)
}

function reasonToTheEnd(one: Judged<PgNode>): string | undefined {
  const { node, kind } = one.statement
  if ('TransactionStmt' in node && node.TransactionStmt.kind === 'TRANS_STMT_SAVEPOINT')
    return `the savepoint ${node.TransactionStmt.savepoint_name ?? ''}`
  if (isTrue(configCall(node)?.args?.[2])) return 'set_config for the transaction'
  return reasons.get(kind)
}

const reasons: ReadonlyMap<string, string> = new Map([
  ['LockStmt', 'LOCK TABLE'],
  ['ConstraintsSetStmt', 'SET CONSTRAINTS'],
  ['DeclareCursorStmt', 'a cursor'],
])

function settingTie(setting: VariableSetStmt, place: Place): readonly Tie[] {
  const name = setting.name ?? ''
  const isReset = setting.kind === 'VAR_RESET' || setting.kind === 'VAR_SET_DEFAULT'
  if (ourSettings.has(name) || isReset) return []
  if (identitySettings.has(name)) return tie(place, resetOf(place, name), `SET ${name.toUpperCase().replace('_', ' ')}`)
  return setting.is_local === true || name === 'TRANSACTION'
    ? tie(place, endOf(place), `SET ${name === 'TRANSACTION' ? name : `LOCAL ${name}`}`)
    : []
}

// currval() and lastval() ask what an earlier statement of the same session drew.
function callTies(node: PgNode, place: Place): readonly Tie[] {
  const names = callsIn(node).map((call) => textsOf(call.funcname).at(-1) ?? '')
  const asked = names.find((name) => name === 'currval' || name === 'lastval')
  if (asked !== undefined) return place.at === 0 ? [] : [{ from: startOf(place), to: place.at, why: `${asked}()` }]
  const lock = names.find((name) => name.startsWith('pg_advisory_') || name.startsWith('pg_try_advisory_'))
  return lock === undefined ? [] : tie(place, endOf(place), `${lock}()`)
}

function isDeferred({ facts, before }: Judged<PgNode>): boolean {
  const written = facts.locks.filter(({ mode }) => mode === 'ROW EXCLUSIVE').map(({ relation }) => relation)
  if (written.length === 0) return false
  return [...before.relations].some(([key, relation]) =>
    hasDeferred(relation, (references) => written.includes(key) || written.includes(references ?? '')),
  )
}

function hasDeferred(relation: Relation, concerns: (references: string | undefined) => boolean): boolean {
  return relation.constraints.some(
    (constraint) =>
      / INITIALLY DEFERRED/.test(constraint.definition) && concerns('references' in constraint ? constraint.references : undefined),
  )
}

function tie({ at }: Place, to: number, why: string): readonly Tie[] {
  return to > at ? [{ from: at, to, why }] : []
}

function temporaryName(node: PgNode): string | undefined {
  const range =
    'CreateStmt' in node
      ? node.CreateStmt.relation
      : 'CreateTableAsStmt' in node
        ? node.CreateTableAsStmt.into?.rel
        : 'ViewStmt' in node
          ? node.ViewStmt.view
          : undefined
  return range?.relpersistence === 't' || range?.schemaname?.startsWith('pg_temp') === true ? range?.relname : undefined
}

// By the text, so that DROP, INSERT and a DO block count alike: a mention too many only ties more.
function lastMention({ judged, at }: Place, name: string): number {
  const last = judged.findLastIndex(({ statement }) => statement.sql.includes(name))
  return Math.max(last, at)
}

function lastOf({ judged, at }: Place, kind: string): number {
  return Math.max(
    judged.findLastIndex(({ statement }) => statement.kind === kind),
    at,
  )
}

function resetOf(place: Place, name: string): number {
  const { judged, at } = place
  const reset = judged.findIndex(
    ({ statement: { node } }, index) =>
      index > at && 'VariableSetStmt' in node && node.VariableSetStmt.name === name && node.VariableSetStmt.kind === 'VAR_RESET',
  )
  return reset < 0 ? judged.length - 1 : reset
}

/** The last statement before COMMIT, or of the file. */
function endOf({ judged, at }: Place): number {
  const commit = judged.findIndex(({ statement }, index) => index > at && ['commit', 'rollback'].includes(roleOf(statement)))
  return commit < 0 ? judged.length - 1 : commit - 1
}

function startOf({ judged, at }: Place): number {
  return judged.findLastIndex(({ statement }, index) => index < at && ['begin', 'commit'].includes(roleOf(statement))) + 1
}
