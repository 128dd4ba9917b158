import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { facts } from '../facts.ts'
import { volatilityOf } from '../facts/expression.ts'
import { sameTree, type ColumnDef, type ConstrType, type Constraint, type PgNode } from '../node.ts'
import { parse, scan } from '../parse.ts'
import { postgresDialect } from '../quote.ts'
import { simulate } from '../simulate.ts'
import { fillWithDefault } from './_backfill.ts'
import { constraintName, uncheckedThenChecked } from './_constraint.ts'
import { foreignKeyRewrite } from './_foreign-key.ts'
import { notNullDrafts } from './_not-null.ts'
import { columnParts, parseOne, sourceOf, textOfTokens, tokenAt, type ColumnParts, type Qualifier, type Source } from '../source.ts'
import { catalogAfter, cleanup, free, writeSteps, type Draft, type DraftStep } from './_step.ts'
import { alterTarget, columnOf, onlyAction, worksUnderLock, type Target } from './_target.ts'
import { uniqueRewrite } from './_unique.ts'

const { name: quoted } = postgresDialect

interface Request {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
  /** Whether the rows that exist must get a value each of their own. */
  readonly filled: boolean
}

/** A column to be added to a table that does not have it, in the user's own pieces. */
export interface Adding {
  readonly table: string
  readonly relation: Relation
  readonly column: ColumnDef & { readonly colname: string }
  readonly source: Source
  readonly parts: ColumnParts
  readonly filled: boolean
  /** NOT NULL without saying so. */
  readonly required?: boolean
}

/** ADD COLUMN cut into what the server does in an instant and what it must read the table for. */
export function addColumnRewrite({ judged, at, options, filled }: Request): Rewritten | undefined {
  const current = judged[at]
  const adding = current === undefined ? undefined : addingOf(current, filled)
  if (current === undefined || adding === undefined) return undefined
  const isVolatile = volatilityOf(defaultOf(adding.column), current.before).volatile
  if (isVolatile !== filled) return undefined
  const drafts = draftsOf(adding, current.before)
  return drafts === undefined ? undefined : { takes: 1, steps: writeSteps(drafts, current.before, options), checks: [] }
}

/** An ADD COLUMN to an existing table that would read or write all of it under its lock. */
export function addingOf(judged: Judged<PgNode>, filled: boolean): Adding | undefined {
  const target = alterTarget(judged, 'AT_AddColumn')
  if (target === undefined || !worksUnderLock(judged)) return undefined
  const adding = addedTo(target, judged)
  return adding === undefined ? undefined : { ...adding, filled }
}

/** What an ADD COLUMN adds; undefined where the column is there already. */
export function addedTo({ key, relation }: Target, { statement }: Judged<PgNode>): Adding | undefined {
  const source = sourceOf(statement)
  const column = addedColumn(source.node)
  if (column === undefined || columnOf(relation, column.colname) !== undefined) return undefined
  return { table: key, relation, column, source, parts: columnParts(source, column), filled: false }
}

/** ADD COLUMN without what reads or writes the table: no constraints beside it. Undefined where its type alone does. */
export function textOfAdding(adding: Adding, before: Catalog): string | undefined {
  const isKept = ({ constraint }: Qualifier) => constraint?.contype !== 'CONSTR_NOTNULL' && !splitOff.has(constraint?.contype)
  const kept = adding.parts.qualifiers.filter(isKept)
  const sql = `${headOf(adding)} ${[adding.parts.base, ...kept.map(({ text }) => text)].join(' ')}`
  return keepsColumn(sql, adding.column, kept) && !stillWorks([sql], before) ? sql : undefined
}

function addedColumn(node: PgNode): Adding['column'] | undefined {
  const def = onlyAction(node)?.def
  const column = def !== undefined && 'ColumnDef' in def ? def.ColumnDef : undefined
  return column?.colname === undefined ? undefined : { ...column, colname: column.colname }
}

function defaultOf(column: ColumnDef): PgNode | undefined {
  return (column.constraints ?? []).flatMap((node) =>
    'Constraint' in node && node.Constraint.contype === 'CONSTR_DEFAULT' ? [node.Constraint] : [],
  )[0]?.raw_expr
}

/** Inline constraints that are added on their own. */
export const splitOff: ReadonlySet<ConstrType | undefined> = new Set(['CONSTR_CHECK', 'CONSTR_FOREIGN', 'CONSTR_UNIQUE', 'CONSTR_PRIMARY'])
/** Set apart only where the column is filled afterwards. */
const lateWhenFilled: ReadonlySet<ConstrType | undefined> = new Set(['CONSTR_DEFAULT', 'CONSTR_NOTNULL'])

function draftsOf(adding: Adding, before: Catalog): readonly DraftStep[] | undefined {
  const { qualifiers } = adding.parts
  const isLate = ({ constraint }: Qualifier) =>
    splitOff.has(constraint?.contype) || (adding.filled && lateWhenFilled.has(constraint?.contype))
  const add = addDraft(
    adding,
    qualifiers.filter((qualifier) => !isLate(qualifier)),
  )
  if (add === undefined || stillWorks(add.sql, before)) return undefined
  const after = catalogAfter(add.sql, before)
  const filling = adding.filled ? fillDrafts(adding, after) : []
  const constraints = constraintDrafts(adding, after)
  return filling === undefined || constraints === undefined ? undefined : [add, ...filling, ...constraints]
}

// What the parts that remain would read or rewrite all the same (a domain with a CHECK, GENERATED, serial) has another cure.
function stillWorks(sql: readonly string[], before: Catalog): boolean {
  let catalog = before
  return sql
    .flatMap((text) => parse(Buffer.from(text, 'utf8')))
    .some((statement) => {
      const found = facts(statement, catalog)
      catalog = simulate(statement, catalog)
      return found.scans.length + found.rewrites.length + found.builds.length > 0
    })
}

function addDraft(adding: Adding, kept: readonly Qualifier[]): Draft | undefined {
  const { table, column, parts } = adding
  const sql = [`${headOf(adding)} ${[parts.base, ...kept.map(({ text }) => text)].join(' ')}`]
  if (!keepsColumn(sql[0] ?? '', column, kept)) return undefined
  const given = parts.qualifiers.find(({ constraint }) => constraint?.contype === 'CONSTR_DEFAULT')
  if (adding.filled && given !== undefined)
    sql.push(`ALTER TABLE ${table} ALTER COLUMN ${quoted(column.colname)} SET ${from('default', given.text)}`)
  return {
    kind: 'draft',
    id: `add-column-${column.colname}`,
    title: `add column ${table}.${quoted(column.colname)}${adding.filled ? ', empty, with its default for new rows' : ''} (the table locked for an instant)`,
    phase: 'expand',
    sql,
    undo: cleanup(`ALTER TABLE IF EXISTS ${table} DROP COLUMN IF EXISTS ${quoted(column.colname)}`),
  }
}

/** All that stands before the column's name. */
export function headOf({ source, column }: Adding): string {
  return textOfTokens(source, 0, tokenAt(source, column.location ?? 0))
}

function keepsColumn(sql: string, column: ColumnDef, kept: readonly Qualifier[]): boolean {
  const node = parseOne(sql)
  const made = node === undefined ? undefined : addedColumn(node)
  const { constraints: _made, ...rest } = made ?? {}
  const { constraints: _written, ...wanted } = column
  const types = (made?.constraints ?? [])
    .flatMap((item) => ('Constraint' in item ? [item.Constraint] : []))
    .filter(({ contype }) => contype?.startsWith('CONSTR_ATTR_') === false)
  const constraints = kept.flatMap(({ constraint }) => (constraint === undefined ? [] : [constraint]))
  return sameTree(rest, wanted) && sameTree(types, constraints)
}

/** The rows that exist get their value, and then NULL is refused where it must be. */
export function fillDrafts(adding: Adding, after: Catalog): readonly DraftStep[] | undefined {
  const { table, column, parts } = adding
  const relation = after.relations.get(table) ?? adding.relation
  const words = {
    id: `fill-${column.colname}`,
    title: `fill ${table}.${quoted(column.colname)} of the existing rows with its default, batch by batch`,
    undo: free,
  }
  const fill = fillWithDefault(words, { table, relation, column: column.colname, catalog: after })
  const notNull = parts.qualifiers.find(({ constraint }) => constraint?.contype === 'CONSTR_NOTNULL')?.constraint
  if (fill === undefined) return undefined
  if (notNull === undefined && !isPrimary(parts) && adding.required !== true) return [fill]
  const named = notNull?.conname === undefined ? {} : { name: notNull.conname }
  return [fill, ...notNullDrafts({ table, relation, column: column.colname, added: true, ...named }, after)]
}

function isPrimary({ qualifiers }: ColumnParts): boolean {
  return qualifiers.some(({ constraint }) => constraint?.contype === 'CONSTR_PRIMARY')
}

/** Named as the server would, in the order in which they stand. */
export function constraintDrafts(adding: Adding, after: Catalog): readonly Draft[] | undefined {
  if (isPrimary(adding.parts) && !adding.filled) return undefined
  const taken: string[] = []
  const all: Draft[] = []
  for (const { constraint, text } of adding.parts.qualifiers) {
    if (constraint === undefined || !splitOff.has(constraint.contype)) continue
    const relation = after.relations.get(adding.table) ?? adding.relation
    const full = asTableConstraint(constraint, adding.column.colname)
    const name = constraintName(full, { catalog: after, relation, taken })
    const drafts = oneConstraint({ ...adding, relation }, { full, name, text, taken }, after)
    if (drafts === undefined) return undefined
    taken.push(name)
    all.push(...drafts)
  }
  return all
}

interface Splitting {
  readonly full: Constraint
  readonly name: string
  readonly text: string
  readonly taken: readonly string[]
}

function oneConstraint(adding: Adding, { full, name, text, taken }: Splitting, after: Catalog): readonly Draft[] | undefined {
  const { table, relation, source } = adding
  const column = quoted(adding.column.colname)
  if (full.contype === 'CONSTR_CHECK')
    return uncheckedThenChecked(
      { table, name, body: from('check', text), node: full },
      { what: 'check', locked: 'the table locked for an instant' },
    )
  if (full.contype === 'CONSTR_FOREIGN')
    return foreignKeyRewrite({ table, name, body: `FOREIGN KEY (${column}) ${from('references', text)}`, node: full }, relation, after)
      ?.drafts
  return uniqueRewrite(source, { ...full, conname: name }, { table, relation, catalog: after, taken })?.drafts
}

function asTableConstraint(constraint: Constraint, column: string): Constraint {
  const own: PgNode[] = [{ String: { sval: column } }]
  if (constraint.contype === 'CONSTR_FOREIGN') return { ...constraint, fk_attrs: own }
  return constraint.contype === 'CONSTR_CHECK' ? constraint : { ...constraint, keys: own }
}

/** The text from its first such word on: without the name that stands before it. */
export function from(word: string, text: string): string {
  const token = scan(text).find((candidate) => candidate.text.toLowerCase() === word)
  return token === undefined ? text : Buffer.from(text, 'utf8').toString('utf8', token.start)
}
