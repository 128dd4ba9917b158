import type { Catalog, Constraint } from '../../model/catalog.ts'
import type { Gate, Step, Work } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { present } from '../../std/present.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { backfillStep } from '../rewrites/_backfill.ts'
import { catalogAfter, cleanup, cleanupAtOnce, free, writeSteps, type Draft } from '../rewrites/_step.ts'
import { analyzeDraft, buildBeside, dropped, secondColumn, statisticsDrafts, withoutSequences } from './_beside.ts'
import { renamedConstraint } from './_constraint-copies.ts'
import { backfilledGate, inStepGate, replacedGate } from './_gates.ts'
import { safely } from './_safely.ts'
import { shadowedAt, whyNotShadowed, type Shadowed } from './_shadow.ts'
import { swapSql, type Swap } from './_swap.ts'
import { oldNames, syncTriggers, type SyncTriggers } from './_sync.ts'
import { markerFor, neitherExplains, type Side, type Sync } from './_sync-body.ts'
import { triggersFired } from './_type-refusals.ts'

const { name: quoted } = postgresDialect

/** The old version's view has the first column, the new one's the second under its name; the contract puts it in the place of the first. */
export const shadowColumns: Rewrite<PgNode> = {
  id: 'shadow-columns',
  why: 'A column that means something else to each version of the application stands twice, kept in step both ways by a trigger, until the old version is gone.',
  source: 'docs/adr/0017-version-schemas.md',
  gives: true,
  match(judged, at, options) {
    if (options.versions === undefined) return undefined
    const shadowed = shadowedAt(judged, at)
    return shadowed === undefined || whyNotShadowed(shadowed) !== undefined ? undefined : rewrite(shadowed, options)
  },
  whyNot(judged, at) {
    const shadowed = shadowedAt(judged, at)
    if (shadowed === undefined) return undefined
    const why = whyNotShadowed(shadowed)
    return why ?? `${shadowed.table} has no key that can be walked in order, or an index, check or key of it cannot be made a second time`
  },
}

/** What is made on the way. */
interface Making {
  readonly shadowed: Shadowed
  readonly sync: Sync
  readonly triggers: SyncTriggers
  readonly marker: string
  readonly options: RewriteOptions
}

function rewrite(shadowed: Shadowed, options: RewriteOptions): Rewritten | undefined {
  const { table, relation, before, columns } = shadowed
  const sync = { old: columns.map(oldSide), new: columns.map(newSide) }
  const marker = markerFor(columns.map(({ change }) => change.shadow))
  const shadows = columns.map(({ change: { wanted, shadow } }) => ({ ...wanted, name: shadow, nullable: true }))
  const wide = { ...relation, columns: [...relation.columns, ...shadows] }
  const triggers = syncTriggers({
    table,
    relation: wide,
    catalog: before,
    syncs: [sync],
    marker,
    ...present({ oldNames: oldNames(table, options) }),
  })
  const making = { shadowed, sync, triggers, marker, options }
  const expand = expandDraft(making)
  const expanded = catalogAfter(expand.sql, before)
  const fill = fillStep(making, expanded)
  const built = build(making, expanded)
  if (fill === undefined || built === undefined) return undefined
  const contract = [swapDraft(making, built.swaps), ...columns.slice(0, 1).flatMap(({ change }) => statisticsDrafts(change))]
  return {
    takes: shadowed.takes,
    gives: true,
    steps: [...writeSteps([expand, fill], before, options), ...built.steps, ...writeSteps([analyzeDraft({ table })], built.after, options)],
    checks: [],
    later: {
      gates: gatesOf(making, wide),
      steps: withoutSequences(writeSteps(contract, built.after, options), built.after).map(contracted),
      doubled: [{ relation: table, columns: columns.flatMap(({ change }) => [change.column.name, change.shadow]) }],
    },
  }
}

function contracted(step: Step): Step {
  return { ...step, phase: 'contract' }
}

function oldSide({ change, down }: Shadowed['columns'][number]): Side {
  return { column: change.column.name, value: down }
}

function newSide({ change }: Shadowed['columns'][number]): Side {
  return { column: change.shadow, value: change.value, ...(change.column.identity !== undefined && { given: true }) }
}

function namesOf({ columns }: Shadowed): string {
  return columns.map(({ change }) => quoted(change.column.name)).join(', ')
}

/** Columns and triggers in one short transaction: no row is ever written without the second columns. */
function expandDraft({ shadowed, triggers, marker }: Making): Draft {
  const { table, columns } = shadowed
  const fresh = [...columns.map(({ change }) => change.shadow), marker]
  const values = columns.flatMap(({ change, down }) => [
    `${quoted(change.shadow)} = ${change.value}`,
    // What is GENERATED ALWAYS only a trigger may write.
    ...(change.column.identity === 'always' ? [] : [`${quoted(change.column.name)} = ${down}`]),
  ])
  return {
    kind: 'draft',
    id: `shadow-${columns.map(({ change }) => change.column.name).join('-')}`,
    title: `add a second ${namesOf(shadowed)} to ${table} for the new version, kept in step both ways by a trigger`,
    phase: 'expand',
    sql: [
      ...columns.flatMap(({ change }) => secondColumn(change)),
      `ALTER TABLE ${table} ADD COLUMN ${quoted(marker)} boolean`,
      // The server says now, while nothing has been changed, whether each value fits its column.
      `EXPLAIN UPDATE ${table} SET ${values.join(', ')}`,
      ...triggers.create,
    ],
    undo: cleanupAtOnce(...triggers.drop, ...fresh.map((name) => `ALTER TABLE IF EXISTS ${table} DROP COLUMN IF EXISTS ${quoted(name)}`)),
  }
}

function fillStep({ shadowed, marker }: Making, catalog: Catalog) {
  const { table, columns } = shadowed
  const relation = catalog.relations.get(table)
  if (relation === undefined) return undefined
  const sets = columns.map(({ change }) => `${quoted(change.shadow)} = ${change.value}`)
  const work: Work = {
    kind: 'update',
    relation: table,
    set: [...sets, `${quoted(marker)} = true`].join(', '),
    where: `${quoted(marker)} IS NULL`,
    falsifies: true,
    inStep: true,
  }
  const words = {
    id: `fill-${columns.map(({ change }) => change.shadow).join('-')}`,
    title: `fill the second ${namesOf(shadowed)} of ${table}${triggersFired(relation)}`,
    undo: free,
  }
  return backfillStep(words, work, { relation, changes: [...columns.map(({ change }) => change.shadow), marker], catalog })
}

interface Built {
  readonly swaps: readonly Swap[]
  readonly steps: readonly Step[]
  readonly after: Catalog
}

/** Indexes, keys and checks of each column beside those of the first, and then what the operation adds, under its own names. */
function build({ shadowed, options }: Making, expanded: Catalog): Built | undefined {
  const { columns, constraints, after } = shadowed
  // Nothing is made a second time for a constraint that goes.
  let catalog = catalogAfter(dropSql(shadowed), expanded)
  const swaps: Swap[] = []
  const steps: Step[] = []
  for (const { change } of columns) {
    const notNull = after.constraints.find(({ kind, columns: [name] }) => kind === 'not-null' && name === change.column.name)?.name
    const made = buildBeside(change, catalog, { options, ...present({ notNull }) })
    if (made === undefined) return undefined
    swaps.push({ ...made.swap, triggers: [], functions: [] })
    steps.push(...made.steps)
    catalog = made.after
  }
  const added = safely(
    constraints.added.map((constraint) => addedDraft(constraint, shadowed)),
    catalog,
    options,
  )
  return added === undefined ? undefined : { swaps, steps: [...steps, ...added.steps], after: added.after }
}

function dropSql({ table, constraints }: Shadowed): readonly string[] {
  return constraints.gone.map(({ name }) => `ALTER TABLE ${table} DROP CONSTRAINT ${quoted(name)}`)
}

function addedDraft(constraint: Constraint, { table, columns }: Shadowed): Omit<Draft, 'kind'> {
  const name = quoted(constraint.name)
  const sql = columns.reduce(
    (text, { change }) => renamedConstraint(text, { table, constraint, change }),
    `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${constraint.definition}`,
  )
  return {
    id: `add-${constraint.name}`,
    title: `add ${name} of ${table} for the new version`,
    phase: 'expand',
    sql: [sql],
    undo: cleanup(`ALTER TABLE IF EXISTS ${table} DROP CONSTRAINT IF EXISTS ${name}`),
  }
}

function gatesOf({ shadowed, sync, marker, triggers: { counter }, options }: Making, wide: Shadowed['relation']): readonly Gate[] {
  const { table, relation, columns } = shadowed
  const names = columns.map(({ change }) => change.column.name)
  const own = new Set(names)
  const isWhole = columns.every(({ reads }) => reads.every((read) => own.has(read)))
  return [
    backfilledGate(table, names, `${quoted(marker)} IS NULL`),
    ...(isWhole ? [inStepGate(table, relation, neitherExplains(sync, wide))] : []),
    replacedGate({ table, columns: names, counter, views: options.versions?.views.get(table) ?? [] }),
  ]
}

/** One column after the other in one short transaction: nothing in it reads a row. */
function swapDraft({ shadowed, triggers, marker }: Making, swaps: readonly Swap[]): Draft {
  const { table, comments } = shadowed
  const { triggers: dropTriggers, functions } = dropped(triggers)
  return {
    kind: 'draft',
    id: `swap-${namesOf(shadowed)}`,
    title: `put the second ${namesOf(shadowed)} of ${table} in the place of the first; it is the last column then, which SELECT * of the table itself sees`,
    phase: 'contract',
    sql: [
      ...dropTriggers,
      ...dropSql(shadowed),
      ...swaps.flatMap((swap) => swapSql(swap)),
      ...comments,
      `ALTER TABLE ${table} DROP COLUMN ${quoted(marker)}`,
      ...functions,
    ],
    undo: { kind: 'forward-only', why: `what the old version had in ${namesOf(shadowed)} is gone` },
  }
}
