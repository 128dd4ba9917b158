import { statementsOf } from '../check/statements.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Migration, RowsRead } from '../model/migration.ts'
import type { DataCheck, Plan, PlannedMigration, Step, Waiting } from '../model/plan.ts'
import { present } from '../std/present.ts'
import { blockedBy } from './blocked.ts'
import { codeJudge, codeStep } from './code.ts'
import { contractOf } from './contract.ts'
import { cut, type Item } from './cut.ts'
import { refuseBetween, refuseInCode, refuseUnused } from './given.ts'
import { numbered } from './number.ts'
import { stretchesOf } from './named-backfill.ts'
import type { CutContext, PlanEngine, PlanOptions } from './options.ts'
import { readParts, type Part } from './parts.ts'
import { stepsOf } from './steps.ts'
import { earlierSchemas, versionScope, withVersion } from './versions.ts'
import { openedBy, waitsBySteps, waitsFor } from './waiting.ts'

/**
 * The steps by which pending migrations become true on a server that is in use: each statement judged on what the earlier ones
 * of the whole run left, hazardous ones rewritten, the rest as written. Pure. Throws what parsing throws, with the file's name.
 */
export function plan<Node>(engine: PlanEngine<Node>, migrations: readonly Migration[], options: PlanOptions): Plan {
  let state: RunState = { catalog: bareCatalog(engine, options), rowsChanged: false, session: [] }
  const open = [...(options.open ?? [])]
  const planned: PlannedMigration[] = []
  let waiting: Waiting | undefined
  for (const migration of migrations) {
    if (open.length > 0)
      waiting = waitsFor(engine, { id: migration.id, parts: readParts(engine, migration, groundOf(state, options)).parts }, open)
    if (waiting !== undefined) break
    const { result, after } = planOne(engine, migration, { options, state })
    waiting = waitsBySteps(engine, result, { open, catalog: state.catalog })
    if (waiting !== undefined) break
    state = after
    planned.push(result)
    open.push(...[openedBy(result)].filter((one) => one !== undefined))
  }
  const shown = withVersion(engine, planned, { migrations, options })
  const all = shown.map((migration) => ({ ...migration, steps: numbered(migration.steps) }))
  return { format: 1, project: options.project, touched: options.touched, migrations: all, ...present({ waiting }) }
}

/** Who has a change of type run as it is written has its foreign keys dropped and added as it is written, too. */
function groundOf({ catalog }: RunState, { allow }: PlanOptions) {
  return { before: catalog, asWritten: allow.some((rule) => /^(blocking-table-rewrite|type-change-rebuilds)(:|$)/.test(rule)) }
}

/** Views of versions bind no change: the earlier ones go before the tables change. */
function bareCatalog<Node>(engine: PlanEngine<Node>, options: PlanOptions): Catalog {
  const schemas = earlierSchemas(engine, options)
  return engine.versions === undefined || schemas.length === 0 ? options.catalog : engine.versions.without(options.catalog, schemas)
}

/** What the migrations planned so far leave behind. */
interface RunState {
  readonly catalog: Catalog
  /** Rows of tables that were there before may have changed: what is found now then says nothing about later ones. */
  readonly rowsChanged: boolean
  /** Plain SETs of earlier files: the ORM runs all of them in one session, where they still hold. */
  readonly session: readonly string[]
}

interface Planned {
  readonly result: PlannedMigration
  readonly after: RunState
}

function planOne<Node>(
  engine: PlanEngine<Node>,
  migration: Migration,
  { options, state }: { readonly options: PlanOptions; readonly state: RunState },
): Planned {
  const { body } = migration
  if (body.kind === 'recorded' && body.readsRows !== undefined)
    return planCode(engine, migration, { options, state, reads: body.readsRows })
  const { parts, after: catalog } = readParts(engine, migration, groundOf(state, options))
  const { items, steps, session } = cutStretches(engine, parts, {
    after: catalog,
    context: { migration, options, session: state.session, ...present({ versions: versionScope(engine, migration, options) }) },
    state,
  })
  const checks = items.flatMap((item) => (item.kind === 'rewritten' ? item.checks : []))
  const { id, source, file, checksum } = migration
  const result: PlannedMigration = {
    id,
    source,
    file,
    checksum,
    checks: distinctChecks(checks, state),
    steps: [...steps, ...contractOf(items)],
    blocked: blockedBy(engine, items, { migration, options, parts }),
  }
  const rowsChanged = state.rowsChanged || parts.some(changesRows) || steps.some(({ kind }) => kind === 'backfill')
  return { result, after: { catalog, rowsChanged, session } }
}

interface Cutting {
  readonly after: Catalog
  readonly context: CutContext
  readonly state: RunState
}

/** Each stretch between two backfills that the file names is cut by itself; plain SETs go on to the next. */
function cutStretches<Node>(engine: PlanEngine<Node>, parts: readonly Part<Node>[], { after, context, state }: Cutting): CutUp<Node> {
  let { session } = context
  const items: Item<Node>[] = []
  const steps: Step[] = []
  const stretches = stretchesOf(engine, { parts, after, context })
  refuseBetween(parts, context, stretches.length)
  for (const stretch of stretches) {
    const pieces = cut(engine, stretch.parts, { ...context, session })
    session = pieces.session
    items.push(...pieces.items)
    steps.push(...stepsOf(engine, pieces.items, { ...context.options, start: state.catalog }))
    if (stretch.backfill !== undefined) steps.push(stretch.backfill)
  }
  refuseUnused(engine, { parts, items, context })
  return { items, steps, session }
}

interface CutUp<Node> {
  readonly items: readonly Item<Node>[]
  readonly steps: readonly Step[]
  readonly session: readonly string[]
}

/** Stopped by what its statements would be stopped by on tables without rows; those with rows are judged as they come. */
function planCode<Node>(
  engine: PlanEngine<Node>,
  migration: Migration,
  { options, state, reads }: { readonly options: PlanOptions; readonly state: RunState; readonly reads: RowsRead },
): Planned {
  refuseInCode(migration)
  const { id, source, file, checksum } = migration
  const statements = statementsOf(engine, migration)
  const blocked = codeJudge(engine, { catalog: state.catalog, migration, options })(statements)
  const steps = [codeStep(migration, reads, options)]
  const after = { ...state, catalog: statements.reduce((catalog, one) => engine.simulate(one, catalog), state.catalog), rowsChanged: true }
  return { result: { id, source, file, checksum, checks: [], steps, blocked }, after }
}

// What the engine cannot look into (a DO block) carries a condition, and may change anything.
function changesRows<Node>({ judged: { facts, before } }: Part<Node>): boolean {
  const written = facts.locks.filter(({ mode }) => mode === 'ROW EXCLUSIVE')
  return facts.condition !== undefined || written.some(({ relation }) => before.relations.get(relation)?.isNew !== true)
}

function distinctChecks(checks: readonly DataCheck[], state: RunState): readonly DataCheck[] {
  const bySql = [...new Map(checks.map((check) => [check.sql, check])).values()]
  return bySql.map((check, at) => ({ ...check, id: `${at + 1}-${check.id}`, before: state.rowsChanged ? 'migration' : check.before }))
}
