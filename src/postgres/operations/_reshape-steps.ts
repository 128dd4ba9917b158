import type { Catalog, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { BackfillStep, DataCheck, Doubled, Gate, Work } from '../../model/plan.ts'
import type { Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { present } from '../../std/present.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { constraintDrafts, textOfAdding } from '../rewrites/_add-column.ts'
import { backfillStep } from '../rewrites/_backfill.ts'
import { checksAt, valueCheck } from '../rewrites/_checks.ts'
import { notNullDrafts } from '../rewrites/_not-null.ts'
import { catalogAfter, cleanupAtOnce, writeSteps, type Draft, type DraftStep } from '../rewrites/_step.ts'
import { backfilledGate, inStepGate, nothingDepends, unaidedGate, unusedGate, viewsOn } from './_gates.ts'
import { keptOf, reshapeAt, whyNotReshape, type AddedColumn, type Reshape } from './_reshape.ts'
import { oldNames, syncTriggers, type SyncTriggers } from './_sync.ts'
import { markerFor, neitherExplains, valued, type Sync, type Valued } from './_sync-body.ts'

const { name: quoted } = postgresDialect

/**
 * The statement at this position as a part of what the user says of its table's columns. The first of the statements has all the steps, since
 * columns that are kept in step come in one transaction; the others have none. Undefined where it is no such part, or cannot be had.
 */
export function reshapeRewrite(judged: readonly Judged<PgNode>[], at: number, options: RewriteOptions): Rewritten | undefined {
  const reshape = reshapeAt(judged, at)
  if (reshape === undefined || whyNotReshape(reshape, judged) !== undefined) return undefined
  const made = stepsOf(reshape, judged, options)
  if (made === undefined) return undefined
  return at === reshape.at ? made : { takes: 1, steps: [], checks: [], gives: true }
}

/** Why it cannot be had; undefined where the user says nothing of the column. */
export function whyNotReshapeAt(judged: readonly Judged<PgNode>[], at: number): string | undefined {
  const reshape = reshapeAt(judged, at)
  if (reshape === undefined) return undefined
  return (
    whyNotReshape(reshape, judged) ?? `${reshape.table} has no key that can be walked in order, or a type makes the server write it anew`
  )
}

/** What is made of a reshape on the way. */
interface Making {
  readonly reshape: Reshape
  readonly syncs: readonly Sync[]
  readonly triggers: SyncTriggers
  /** With all of its columns. */
  readonly wide: Relation
  /** Of rows that are filled, where the new version may write NULL on purpose. */
  readonly marker?: string
  readonly options: RewriteOptions
}

function stepsOf(reshape: Reshape, judged: readonly Judged<PgNode>[], options: RewriteOptions): Rewritten | undefined {
  const { table, before, added, dropped } = reshape
  const texts = added.map(({ adding }) => textOfAdding(adding, before))
  const adds = texts.flatMap((text) => text ?? [])
  const wide = catalogAfter(adds, before)
  const relation = wide.relations.get(table)
  if (adds.length < texts.length || relation === undefined) return undefined
  const { syncs, fills } = keptOf(reshape)
  const marker = options.versions === undefined || !syncs.some(hasUp) ? undefined : markerFor(added.map(({ name }) => name))
  const told = present({ oldNames: oldNames(table, options), marker })
  const triggers = syncTriggers({ table, relation, catalog: before, syncs, fills, ...told })
  const making = { reshape, syncs, triggers, options, wide: relation, ...present({ marker }) }
  const marked = catalogAfter(markerSql(making), wide)
  const backfills = fillings(making).map((filling) => fillStep(filling, making, marked))
  const constraints = constraintsOf(added, wide)
  if (constraints === undefined || backfills.includes(undefined)) return undefined
  const drafts = [expandDraft(making, adds), ...backfills.flatMap((step) => step ?? []), ...constraints]
  const after = catalogAfter(
    drafts.flatMap((draft) => (draft.kind === 'draft' ? draft.sql : [])),
    before,
  )
  return {
    takes: 1,
    gives: true,
    steps: writeSteps(drafts, before, options),
    checks: added.flatMap((one) => checksFor(one, { reshape, judged, options })),
    later: {
      gates: gatesOf(making),
      steps: writeSteps([contractDraft(making)], after, options),
      doubled: columnsOf(
        table,
        dropped.map(({ column }) => column.name),
      ),
      filled: columnsOf(
        table,
        added.map(({ name }) => name),
      ),
    },
  }
}

function columnsOf(relation: string, columns: readonly string[]): readonly Doubled[] {
  return columns.length === 0 ? [] : [{ relation, columns }]
}

function hasUp({ new: fresh }: Sync): boolean {
  return valued(fresh).length > 0
}

/** What one backfill does: columns that are kept in step, or all of them where rows are marked. */
interface Filling {
  readonly sides: readonly Valued[]
  readonly where: string
}

function fillings({ syncs, marker }: Making): readonly Filling[] {
  const able = syncs.filter(hasUp)
  if (marker !== undefined) return [{ sides: able.flatMap((sync) => valued(sync.new)), where: `${quoted(marker)} IS NULL` }]
  return able.map((sync) => ({ sides: valued(sync.new), where: unfilled(sync) }))
}

function markerSql({ reshape: { table }, marker }: Pick<Making, 'reshape' | 'marker'>): readonly string[] {
  return marker === undefined ? [] : [`ALTER TABLE ${table} ADD COLUMN ${quoted(marker)} boolean`]
}

function listed(columns: readonly string[]): string {
  return columns.map((column) => quoted(column)).join(', ')
}

/** Columns and triggers in one short transaction: no row is ever written without what it needs. */
function expandDraft({ reshape, triggers, marker }: Making, adds: readonly string[]): Draft {
  const { table, added, dropped } = reshape
  const [fresh, old] = [added.map(({ name }) => name), dropped.map(({ column }) => column.name)]
  const filled = `fill ${listed(old)} of ${table} by a trigger where the new application leaves it out`
  const beside = old.length === 0 ? 'filled by a trigger' : `kept in step with ${listed(old)} by a trigger`
  return {
    kind: 'draft',
    id: fresh.length === 0 ? `fill-${old.join('-')}` : `add-${fresh.join('-')}`,
    title: fresh.length === 0 ? filled : `add ${listed(fresh)} to ${table}, ${beside}`,
    phase: 'expand',
    sql: [...adds, ...markerSql({ reshape, ...present({ marker }) }), ...fitting(reshape), ...triggers.create],
    undo: cleanupAtOnce(
      ...triggers.drop,
      ...[...fresh, ...(marker === undefined ? [] : [marker])].map(
        (name) => `ALTER TABLE IF EXISTS ${table} DROP COLUMN IF EXISTS ${quoted(name)}`,
      ),
    ),
  }
}

/** The server says now, while nothing has been changed, whether each value fits its column: a trigger would only say so at the first write. */
function fitting({ table, added, dropped }: Reshape): readonly string[] {
  const sides = [
    ...added.map(({ name, value }) => ({ column: name, value: value?.value })),
    ...dropped.map(({ column, value }) => ({ column: column.name, value: value?.value })),
  ]
  const sets = sides.flatMap(({ column, value }) => (value === undefined ? [] : [`${quoted(column)} = ${value}`]))
  return sets.length === 0 ? [] : [`EXPLAIN UPDATE ${table} SET ${sets.join(', ')}`]
}

/** Rows whose new columns are all NULL and for which the values give something: what the new application wrote is never touched. */
function unfilled({ new: fresh }: Sync): string {
  const empty = fresh.map(({ column }) => `${quoted(column)} IS NULL`)
  const given = valued(fresh).map(({ value }) => `${value} IS NOT NULL`)
  return [...empty, given.length === 1 ? given.join('') : `(${given.join(' OR ')})`].join(' AND ')
}

function fillStep({ sides, where }: Filling, { reshape: { table }, marker }: Making, catalog: Catalog): BackfillStep | undefined {
  const relation = catalog.relations.get(table)
  const filled = sides.map(({ column }) => column)
  const changes = [...filled, ...(marker === undefined ? [] : [marker])]
  if (relation === undefined) return undefined
  const sets = [
    ...sides.map(({ column, value }) => `${quoted(column)} = ${value}`),
    ...(marker === undefined ? [] : [`${quoted(marker)} = true`]),
  ]
  const work: Work = { kind: 'update', relation: table, set: sets.join(', '), where, falsifies: true, inStep: true }
  const words = { id: `fill-${filled.join('-')}`, title: `fill ${listed(filled)} of ${table}`, undo: { kind: 'free' } } as const
  return backfillStep(words, work, { relation, changes, catalog })
}

/** NOT NULL and what else stands beside the columns, once they are filled. */
function constraintsOf(added: readonly AddedColumn[], wide: Catalog): readonly DraftStep[] | undefined {
  let catalog = wide
  const all: DraftStep[] = []
  for (const { name: column, adding, required } of added) {
    const relation = catalog.relations.get(adding.table) ?? adding.relation
    const notNull = adding.parts.qualifiers.find(({ constraint }) => constraint?.contype === 'CONSTR_NOTNULL')?.constraint
    const named = present({ name: notNull?.conname })
    const first = required ? notNullDrafts({ table: adding.table, relation, column, added: true, ...named }, catalog) : []
    const others = constraintDrafts({ ...adding, relation }, catalogAfter(textsOf(first), catalog))
    if (others === undefined) return undefined
    all.push(...first, ...others)
    catalog = catalogAfter(textsOf([...first, ...others]), catalog)
  }
  return all
}

function textsOf(drafts: readonly DraftStep[]): readonly string[] {
  return drafts.flatMap((draft) => (draft.kind === 'draft' ? draft.sql : []))
}

interface Checking {
  readonly reshape: Reshape
  readonly judged: readonly Judged<PgNode>[]
  readonly options: RewriteOptions
}

function checksFor({ name, value, required }: AddedColumn, { reshape, judged, options }: Checking): readonly DataCheck[] {
  if (value === undefined || !required) return []
  const { table, relation, at } = reshape
  const place = { judged, at, options, reads: [{ relation: table, columns: value.reads }] }
  return checksAt(place, valueCheck({ table, relation, column: name, where: `${value.value} IS NULL` }))
}

function gatesOf(making: Making): readonly Gate[] {
  const { reshape, syncs, wide, options, triggers } = making
  const { counter } = triggers
  const { table, relation, added, dropped } = reshape
  const filled = fillings(making).map(({ sides, where }) =>
    backfilledGate(
      table,
      sides.map(({ column }) => column),
      where,
    ),
  )
  const agreeing = syncs.filter((sync) => canAgree(sync, reshape)).map((sync) => inStepGate(table, relation, neitherExplains(sync, wide)))
  const earlier = present({ earlier: options.versions?.earlier })
  const needed = dropped.map(({ column }) => nothingDepends({ table, relation, column: column.name, ...earlier }))
  const unused = dropped.map(({ column }) => unusedGate({ table, relation, column: column.name }, { counter, ...viewsOn(table, options) }))
  const unaided = dropped.length > 0 ? [] : [unaidedGate({ table, columns: added.map(({ name }) => name), counter })]
  return [...filled, ...agreeing, ...needed, ...unused, ...unaided]
}

/** Both directions are known, and neither reads a column that goes its own way. */
function canAgree({ old, new: fresh }: Sync, { added, dropped }: Reshape): boolean {
  const names = [...old, ...fresh].map(({ column }) => column)
  const values = [...added, ...dropped].flatMap(({ value }) => (value !== undefined && names.includes(value.column) ? [value] : []))
  return old.length > 0 && values.length === names.length && values.every(({ reads }) => reads.every((read) => names.includes(read)))
}

/** The triggers first: what they name must be there as long as they are. */
function contractDraft({ reshape, triggers, marker }: Making): Draft {
  const { table, added, dropped } = reshape
  const old = dropped.map(({ column }) => column.name)
  const fresh = added.map(({ name }) => name)
  const isTrigger = (sql: string) => sql.startsWith('DROP TRIGGER')
  return {
    kind: 'draft',
    id: old.length === 0 ? `release-${fresh.join('-')}` : `drop-${old.join('-')}`,
    title:
      old.length === 0 ? `drop the trigger that fills ${listed(fresh)} of ${table}` : `drop the trigger and ${listed(old)} of ${table}`,
    phase: 'contract',
    sql: [
      ...triggers.drop.filter(isTrigger),
      ...[...old, ...(marker === undefined ? [] : [marker])].map((column) => `ALTER TABLE ${table} DROP COLUMN ${quoted(column)}`),
      ...triggers.drop.filter((sql) => !isTrigger(sql)),
    ],
    undo: {
      kind: 'forward-only',
      why: old.length === 0 ? `nothing fills ${listed(fresh)} any more` : `what ${listed(old)} held is gone`,
    },
  }
}
