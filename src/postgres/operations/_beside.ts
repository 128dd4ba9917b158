import type { Catalog } from '../../model/catalog.ts'
import type { RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { postgresDialect } from '../quote.ts'
import { notNullDrafts } from '../rewrites/_not-null.ts'
import { catalogAfter, cleanup, free, writeSteps, type Draft } from '../rewrites/_step.ts'
import { constraintCopies, type ConstraintCopy } from './_constraint-copies.ts'
import { copyClause, indexCopies } from './_copies.ts'
import { safely } from './_safely.ts'
import { statisticsOf, type Swap } from './_swap.ts'
import type { SyncTriggers } from './_sync.ts'
import { traitOf, traitsOf, type TypeChanging } from './_type-change.ts'

const { name: quoted } = postgresDialect

/** What makes the second column, with the targets and options of the first. */
export function secondColumn({ judged, table, relation, column, wanted, shadow }: TypeChanging): readonly string[] {
  const alter = `ALTER TABLE ${table} ALTER COLUMN ${quoted(shadow)}`
  const of = { of: 'column', name: column.name } as const
  const target = traitOf(judged.before, relation, { ...of, what: 'target' })
  const options = traitsOf(judged.before, relation, { ...of, what: 'option' })
  return [
    `ALTER TABLE ${table} ADD COLUMN ${copyClause(shadow, wanted)}`,
    // Tried and taken back, so that a default that does not fit the type is known now and not at the swap.
    ...(column.default === undefined ? [] : [`${alter} SET DEFAULT ${column.default}`, `${alter} DROP DEFAULT`]),
    ...(target === undefined ? [] : [`${alter} SET STATISTICS ${target}`]),
    ...(options.length === 0 ? [] : [`${alter} SET (${options.join(', ')})`]),
  ]
}

interface Building {
  readonly options: RewriteOptions
  /** Name that NOT NULL is to have in the end, where it is not the name that the first column has for it. */
  readonly notNull?: string
}

/** Indexes first: a foreign key to the column needs the unique one. None blocks anyone for longer than an instant. */
export function buildBeside(change: TypeChanging, expanded: Catalog, { options, notNull }: Building) {
  const { table, relation, column, shadow } = change
  const indexes = indexCopies({ table, relation, from: column.name, to: shadow, catalog: expanded })
  const built =
    indexes === undefined
      ? undefined
      : safely(
          indexes.map(({ sql }) => helper('copy-index', sql)),
          expanded,
          options,
        )
  if (indexes === undefined || built === undefined) return undefined
  const place = { table, relation: built.after.relations.get(table) ?? relation, column: shadow, added: true }
  const required = change.wanted.nullable ? [] : notNullDrafts(place, built.after)
  const proven = catalogAfter(
    required.flatMap((draft) => (draft.kind === 'draft' ? draft.sql : [])),
    built.after,
  )
  const constraints = constraintCopies(change)
  const added = safely(constraints.map(constraintDraft), proven, options)
  if (added === undefined) return undefined
  const nameIn = (catalog: Catalog, of: string) =>
    catalog.relations.get(table)?.constraints.find(({ kind, columns }) => kind === 'not-null' && columns.includes(of))?.name
  const [from, to] = [nameIn(added.after, shadow), notNull ?? nameIn(change.judged.before, column.name)]
  const swap = {
    change,
    indexes,
    constraints,
    first: [],
    last: [],
    ...(from !== undefined && to !== undefined && { notNull: { from, to } }),
  }
  return { swap, steps: [...built.steps, ...writeSteps(required, built.after, options), ...added.steps], after: added.after }
}

function helper(id: string, sql: string, undo: Draft['undo'] = free): Omit<Draft, 'kind'> {
  return { id, title: 'make it once more', phase: 'expand', sql: [sql], undo }
}

/** Taken as it is only where it is NOT VALID, which the rewrites leave alone. */
function constraintDraft({ table, constraint, name, sql }: ConstraintCopy): Omit<Draft, 'kind'> {
  const undo = cleanup(`ALTER TABLE IF EXISTS ${table} DROP CONSTRAINT IF EXISTS ${quoted(name)}`)
  return { ...helper(`add-${name}`, sql, undo), title: `add ${quoted(constraint.name)} of ${table} a second time` }
}

/** Before the swap, so that no query is planned without statistics of the column: they belong to it, whatever its name. */
export function analyzeDraft({ table }: Pick<TypeChanging, 'table'>): Draft {
  return {
    kind: 'draft',
    id: 'analyze',
    title: `look at the values of ${table} for the planner`,
    phase: 'expand',
    sql: [`ANALYZE ${table}`],
    undo: free,
  }
}

export function statisticsDrafts(change: TypeChanging): readonly Draft[] {
  return statisticsOf(change).length === 0 ? [] : [{ ...analyzeDraft(change), id: 'analyze-again', phase: 'cut-over' }]
}

/**
 * LOCK TABLE refuses sequences, and whoever writes the table waits for its own lock before that of its sequence. What the swap makes itself
 * is nobody's yet.
 */
export function withoutSequences(steps: Rewritten['steps'], { relations }: Catalog): Rewritten['steps'] {
  const isTable = (key: string) => relations.has(key) && relations.get(key)?.kind !== 'sequence'
  return steps.map((step) => (step.kind === 'sql' ? { ...step, locks: step.locks.filter(({ relation }) => isTable(relation)) } : step))
}

/** The triggers first: what they name must be there as long as they are. */
export function dropped({ drop }: SyncTriggers): Pick<Swap, 'triggers' | 'functions'> {
  const isTrigger = (sql: string) => sql.startsWith('DROP TRIGGER')
  return { triggers: drop.filter(isTrigger), functions: drop.filter((sql) => !isTrigger(sql)) }
}
