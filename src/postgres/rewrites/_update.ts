import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { BackfillStep, Work } from '../../model/plan.ts'
import { columnsIn, conjunctsOf } from '../tree.ts'
import { findRelation, relationKey } from '../names.ts'
import { sameTree, textsOf, type A_Expr, type PgNode, type RangeVar, type ResTarget } from '../node.ts'
import type { Token } from '../parse.ts'
import { backfillStep } from './_backfill.ts'
import { aliasEdits, clockEdits, constantOf, edited, isNeverNull, whyNotInBatches, type Edit } from './_expression.ts'
import { parseOne, sourceOf, wordAt, type Source } from '../source.ts'
import { columnOf, isOldTable, type Target } from './_target.ts'

/** A change of rows that may go batch by batch, or why it may not. */
export type RowChange = Changed &
  (
    | { readonly kind: 'change'; readonly work: Work; readonly changes: readonly string[] }
    | { readonly kind: 'refused'; readonly why: string }
  )

interface Changed {
  /** Canonical name of what is gone through. */
  readonly table: string
  readonly relation: Relation
}

/** Undefined for what is no UPDATE or DELETE of an existing table. */
export function rowChange({ statement, before }: Pick<Judged<PgNode>, 'statement' | 'before'>): RowChange | undefined {
  const body = bodyOf(statement.node)
  const relation = body === undefined ? undefined : findRelation(body.relation, before)
  if (body === undefined || relation === undefined || !isOldTable(relation)) return undefined
  const target = { table: relationKey(body.relation, before), relation }
  const why = whyNot(body, relation, before)
  return why === undefined ? cut(sourceOf(statement), target) : { kind: 'refused', ...target, why }
}

interface Body {
  readonly relation: RangeVar
  readonly where?: PgNode
  readonly set: readonly ResTarget[]
  readonly others: readonly unknown[]
}

function bodyOf(node: PgNode): Body | undefined {
  if ('UpdateStmt' in node && node.UpdateStmt.relation !== undefined) {
    const { relation, targetList = [], whereClause: where, ...rest } = node.UpdateStmt
    return {
      relation,
      set: targetList.flatMap((target) => ('ResTarget' in target ? [target.ResTarget] : [])),
      ...(where !== undefined && { where }),
      others: Object.values(rest),
    }
  }
  if ('DeleteStmt' in node && node.DeleteStmt.relation !== undefined) {
    const { relation, whereClause: where, ...rest } = node.DeleteStmt
    return { relation, set: [], ...(where !== undefined && { where }), others: Object.values(rest) }
  }
  return undefined
}

function whyNot(body: Body, relation: Relation, catalog: Catalog): string | undefined {
  if (body.others.some((part) => part !== undefined)) return 'it has FROM, USING, WITH or RETURNING'
  if (body.relation.inh !== true && relation.children.length > 0) return 'ONLY leaves out the children of the table'
  if (body.set.length === 0 && refersToItself(relation, catalog))
    return 'the table refers to itself: a batch may delete a row that a later one still refers to'
  const deferred = relation.constraints.find(
    ({ definition, columns }) => / DEFERRABLE/.test(definition) && body.set.some(({ name }) => columns.includes(name ?? '')),
  )
  if (deferred !== undefined) return `the constraint ${deferred.name} may be checked only at the end of the whole change`
  return whyNotInBatches(body.set, catalog, 'set') ?? whyNotInBatches(body.where, catalog, 'where')
}

function refersToItself(relation: Relation, catalog: Catalog): boolean {
  return relation.constraints.some(
    (constraint) =>
      constraint.kind === 'foreign-key' &&
      catalog.relations.get(constraint.references) === relation &&
      !/ ON DELETE (CASCADE|SET)/.test(constraint.definition),
  )
}

/** The user's own text of SET and WHERE, proven by parsing it again before the clock and the alias are replaced in it. */
function cut(source: Source, target: Changed): RowChange {
  const body = bodyOf(source.node)
  const edits = body === undefined ? undefined : editsOf(source, body, target.relation)
  if (body === undefined || edits === undefined)
    return { kind: 'refused', ...target, why: 'it asks for the time in a form that cannot be fixed beforehand' }
  const [plainSet, plainWhere] = fragments(source, body, [])
  if (!meansTheSame(body, plainSet, plainWhere))
    return { kind: 'refused', ...target, why: 'its text cannot be cut into SET and WHERE with certainty' }
  if (`${plainSet}${plainWhere}`.includes('{now}'))
    return { kind: 'refused', ...target, why: 'its text holds {now}, which has a meaning of its own here' }
  return {
    kind: 'change',
    ...target,
    work: workOf(body, target, fragments(source, body, edits)),
    changes: body.set.map(({ name }) => name ?? ''),
  }
}

function workOf(body: Body, { table, relation }: Changed, [set, where]: readonly [string, string]): Work {
  if (body.set.length === 0) return { kind: 'delete', relation: table, where, falsifies: true }
  return { kind: 'update', relation: table, set, where, falsifies: falsifies(body, relation) }
}

function fragments(source: Source, body: Body, edits: readonly Edit[]): readonly [string, string] {
  const end = source.tokens.at(-1)?.end ?? 0
  const where = body.where === undefined ? undefined : whereWord(source)
  const set = body.set.length === 0 ? undefined : source.tokens[wordAt(source, 'set') ?? -1]
  return [
    set === undefined ? '' : edited(source.sql, [set.end, where?.start ?? end], edits).trim(),
    where === undefined ? 'true' : edited(source.sql, [where.end, end], edits).trim(),
  ]
}

// Without subqueries and FILTER there is one WHERE.
function whereWord(source: Source): Token | undefined {
  return source.tokens.findLast(({ text }) => text.toLowerCase() === 'where')
}

function meansTheSame(body: Body, set: string, where: string): boolean {
  const verb = body.set.length > 0 ? `UPDATE t SET ${set}` : 'DELETE FROM t'
  const made = parseOne(`${verb} WHERE ${where}`)
  const again = made === undefined ? undefined : bodyOf(made)
  return again !== undefined && sameTree(again.set, body.set) && (body.where === undefined || sameTree(again.where, body.where))
}

function editsOf(source: Source, body: Body, relation: Relation): readonly Edit[] | undefined {
  const clock = clockEdits(source, [body.set, body.where])
  return clock === undefined
    ? undefined
    : [...clock, ...aliasEdits(source, [body.set, body.where], { relation, alias: body.relation.alias?.aliasname })]
}

/** A changed row surely no longer meets WHERE: `c IS NULL` and c gets a value, or `c = 'a'` and c gets 'b'. */
function falsifies(body: Body, relation: Relation): boolean {
  return conjunctsOf(body.where).some((part) => {
    const column = testedColumn(part)
    const value = body.set.find(({ name, indirection }) => name === column && indirection === undefined)?.val
    if (column === undefined || value === undefined) return false
    if ('NullTest' in part) return isNeverNull(value) || hasDefault(value, relation, column)
    return 'A_Expr' in part && isTestedAway(part.A_Expr, value, columnOf(relation, column)?.type ?? '')
  })
}

function testedColumn(part: PgNode): string | undefined {
  if ('NullTest' in part) return part.NullTest.nulltesttype === 'IS_NULL' ? plainColumn(part.NullTest.arg) : undefined
  return 'A_Expr' in part ? plainColumn(part.A_Expr.lexpr) : undefined
}

function plainColumn(node: PgNode | undefined): string | undefined {
  return node !== undefined && 'ColumnRef' in node ? columnsIn(node)[0] : undefined
}

function hasDefault(value: PgNode, relation: Relation, column: string): boolean {
  return 'SetToDefault' in value && columnOf(relation, column)?.default !== undefined
}

// Only for types whose equal values are written alike: citext or a number with another scale may be equal all the same.
function isTestedAway(test: A_Expr, value: PgNode, type: string): boolean {
  const [old, fresh] = [constantOf(test.rexpr), constantOf(value)]
  const operator = textsOf(test.name).at(-1)
  if (old === undefined || fresh === undefined || !/^(smallint|integer|bigint|boolean|text|uuid|character varying)/.test(type)) return false
  if (test.kind === 'AEXPR_DISTINCT' || (test.kind === 'AEXPR_OP' && operator === '<>')) return sameTree(old, fresh)
  return (
    test.kind === 'AEXPR_OP' &&
    operator === '=' &&
    old.sval !== undefined &&
    fresh.sval !== undefined &&
    /^(text|character varying)/.test(type) &&
    old.sval.sval !== fresh.sval.sval
  )
}

/** An earlier UPDATE of the migration that fills the NULLs of a column, as a step that can be done once more; the last one counts. */
export function earlierFill(earlier: readonly Judged<PgNode>[], target: Target, column: string): BackfillStep | undefined {
  const fills = earlier.flatMap((judged) => {
    const change = rowChange(judged)
    if (change?.kind !== 'change' || change.table !== target.key || !fillsNulls(judged.statement.node, column)) return []
    const step = backfillStep({ id: '', title: '', undo: { kind: 'free' } }, change.work, { ...change, catalog: judged.before })
    return step === undefined ? [] : [step]
  })
  return fills.at(-1)
}

function fillsNulls(node: PgNode, column: string): boolean {
  const body = bodyOf(node)
  const tests = conjunctsOf(body?.where)
  return body?.set.some(({ name }) => name === column) === true && tests.some((part) => 'NullTest' in part && testedColumn(part) === column)
}
