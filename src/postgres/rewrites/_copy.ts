import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Work } from '../../model/plan.ts'
import { aggregateIn } from '../aggregates.ts'
import { withDescendants } from '../facts/relations.ts'
import { findRelation, relationKey } from '../names.ts'
import { sameTree, type InsertStmt, type PgNode, type RangeVar, type SelectStmt } from '../node.ts'
import { parseOne, sourceOf, tokenAt, type Source } from '../source.ts'
import { aliasEdits, clockEdits, edited, whyNotInBatches, type Edit } from './_expression.ts'
import { isOldTable } from './_target.ts'
import type { RowChange } from './_update.ts'

/** What is gone through is the table that the rows come from. */
export type RowCopy = RowChange & { readonly target: Target }

interface Target {
  /** Canonical name. */
  readonly key: string
  readonly relation: Relation
}

/** Rows of an existing table that go into another one; undefined for anything but INSERT ... SELECT from one table. */
export function rowCopy({ statement, before }: Pick<Judged<PgNode>, 'statement' | 'before'>): RowCopy | undefined {
  const body = bodyOf(statement.node)
  const relation = body === undefined ? undefined : findRelation(body.from, before)
  const into = body === undefined ? undefined : findRelation(body.insert.relation ?? {}, before)
  if (body === undefined || relation === undefined || !isOldTable(relation)) return undefined
  if (into === undefined || (into.kind !== 'table' && into.kind !== 'partitioned')) return undefined
  const target = { key: relationKey(body.insert.relation ?? {}, before), relation: into }
  const places = { table: relationKey(body.from, before), relation, target }
  const why = whyNot(body, places, before)
  return why === undefined ? cut(sourceOf(statement), places) : { kind: 'refused', ...places, why }
}

interface Body {
  readonly insert: InsertStmt
  readonly select: SelectStmt
  readonly from: RangeVar
}

function bodyOf(node: PgNode): Body | undefined {
  if (!('InsertStmt' in node) || node.InsertStmt.relation === undefined) return undefined
  const query = node.InsertStmt.selectStmt
  const select = query !== undefined && 'SelectStmt' in query ? query.SelectStmt : undefined
  const [from] = select?.fromClause ?? []
  return select === undefined || from === undefined || !('RangeVar' in from)
    ? undefined
    : { insert: node.InsertStmt, select, from: from.RangeVar }
}

interface Places {
  readonly table: string
  readonly relation: Relation
  readonly target: Target
}

function whyNot(body: Body, places: Places, catalog: Catalog): string | undefined {
  const { insert, select } = body
  return (
    whyNotShape(body) ??
    whyNotTables(body, places, catalog) ??
    aggregated(select, catalog) ??
    whyNotInBatches(select.targetList, catalog, 'set') ??
    whyNotInBatches([select.whereClause, insert.onConflictClause], catalog, 'where')
  )
}

function whyNotShape({ insert, select }: Body): string | undefined {
  const { targetList: _list, fromClause = [], whereClause: _where, limitOption, op, ...others } = select
  if (fromClause.length > 1) return 'it joins tables'
  if (op !== 'SETOP_NONE' || limitOption !== 'LIMIT_OPTION_DEFAULT' || Object.values(others).some((part) => part !== undefined))
    return 'its SELECT has more than one table and a condition (DISTINCT, GROUP BY, ORDER BY, LIMIT, WITH, FOR, UNION or the like)'
  if (insert.returningClause !== undefined || insert.withClause !== undefined) return 'it has WITH or RETURNING'
  if (insert.onConflictClause?.action === 'ONCONFLICT_UPDATE')
    return 'ON CONFLICT DO UPDATE may change a row that somebody else wrote after an earlier batch'
  return undefined
}

function whyNotTables({ from }: Body, { table, relation, target }: Places, catalog: Catalog): string | undefined {
  if (from.inh !== true && relation.children.length > 0) return 'ONLY leaves out the children of the table'
  if (withDescendants(table, catalog).includes(target.key) || withDescendants(target.key, catalog).includes(table))
    return 'it reads the table that it writes'
  const { constraints } = target.relation
  if (constraints.some((each) => each.kind === 'foreign-key' && each.references === target.key))
    return `${target.key} refers to itself: a batch may add a row whose parent comes in a later one`
  const deferred = constraints.find(({ definition }) => / DEFERRABLE/.test(definition))
  return deferred === undefined ? undefined : `the constraint ${deferred.name} may be checked only at the end of the whole change`
}

function aggregated(select: SelectStmt, catalog: Catalog): string | undefined {
  const name = aggregateIn(select.targetList, catalog)
  return name === undefined ? undefined : `${name} looks at many rows at once`
}

/** The user's own text of the parts, proven by parsing it again before the clock and the alias are replaced in it. */
function cut(source: Source, places: Places): RowCopy {
  const refused = (why: string): RowCopy => ({ kind: 'refused', ...places, why })
  const body = bodyOf(source.node)
  const clock = body === undefined ? undefined : clockEdits(source, [body.select, body.insert.onConflictClause])
  if (body === undefined || clock === undefined) return refused('it asks for the time in a form that cannot be fixed beforehand')
  const plain = partsOf(source, body, [])
  if (plain === undefined || !meansTheSame(body, plain)) return refused('its text cannot be cut into its parts with certainty')
  if (Object.values(plain).some((text) => text.includes('{now}')))
    return refused('its text holds {now}, which has a meaning of its own here')
  const alias = { relation: places.relation, alias: body.from.alias?.aliasname }
  const edits = [...clock, ...aliasEdits(source, body.select, alias), ...nameEdits(source, body, places.target)]
  const parts = partsOf(source, body, edits) ?? plain
  const work: Work = { kind: 'insert', relation: places.table, target: places.target.key, ...parts, falsifies: false }
  return { kind: 'change', ...places, work, changes: [] }
}

/** The target as it is found now, whatever the search path of a batch. */
function nameEdits(source: Source, { insert }: Body, { key }: Target): readonly Edit[] {
  const { location = 0, schemaname, catalogname } = insert.relation ?? {}
  const dots = [schemaname, catalogname].filter((name) => name !== undefined).length
  const from = tokenAt(source, location)
  const [first, last] = [source.tokens[from], source.tokens[from + 2 * dots]]
  return first === undefined || last === undefined ? [] : [{ start: first.start, end: last.end, text: key }]
}

type Parts = Pick<Extract<Work, { readonly kind: 'insert' }>, 'into' | 'select' | 'where' | 'conflict'>

function partsOf(source: Source, body: Body, edits: readonly Edit[]): Parts | undefined {
  const { tokens, sql } = source
  const lower = tokens.map(({ text }) => text.toLowerCase())
  const table = tokenAt(source, body.from.location ?? 0)
  const [select, from] = [lower.indexOf('select'), lower.lastIndexOf('from', table)]
  const conflict = body.insert.onConflictClause === undefined ? tokens.length : tokenAt(source, body.insert.onConflictClause.location ?? 0)
  const where = body.select.whereClause === undefined ? conflict : lower.indexOf('where', table)
  if (select < 0 || from < select || where < table || where > conflict) return undefined
  // Behind the last token of each part, so that no comment is left open.
  const text = (first: number, behind: number): string => {
    const [start, end] = [tokens[first], tokens[behind - 1]]
    return start === undefined || end === undefined || behind <= first ? '' : edited(sql, [start.start, end.end], edits)
  }
  return {
    into: text(0, select),
    select: text(select + 1, from),
    where: body.select.whereClause === undefined ? 'true' : text(where + 1, conflict),
    conflict: text(conflict, tokens.length),
  }
}

function meansTheSame({ insert, select }: Body, parts: Parts): boolean {
  const made = parseOne(`${parts.into} SELECT ${parts.select} FROM t WHERE ${parts.where} ${parts.conflict}`)
  const again = made === undefined ? undefined : bodyOf(made)
  if (again === undefined) return false
  const { selectStmt: _made, ...head } = again.insert
  const { selectStmt: _written, ...wanted } = insert
  return (
    sameTree(head, wanted) &&
    sameTree(again.select.targetList, select.targetList) &&
    (select.whereClause === undefined || sameTree(again.select.whereClause, select.whereClause))
  )
}
