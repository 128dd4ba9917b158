import { LockkeeperError } from '../model/errors.ts'
import type { Plan, PlannedMigration } from '../model/plan.ts'
import { contractSql, logicalCatalog } from '../plan/logical.ts'
import type { PlanOptions } from '../plan/options.ts'
import { plan } from '../plan/plan.ts'
import { openedBy } from '../plan/waiting.ts'
import { expandedIn, inFlight } from '../run/state.ts'
import type { LoadedMigrations, LoadMigrationsOptions } from './load-migrations.ts'
import { loadMigrations } from './load-migrations.ts'
import { loadNamed, refuseOtherModules } from './named-backfills.ts'
import { pendingOf } from './pending.ts'
import { withEstimates } from './plan-estimates.ts'
import { standingsOf } from './states.ts'
import type { Connection, Situation, Target } from './target.ts'
import { openTarget, readSituation } from './target.ts'
import { touchedHash } from './touched.ts'

export interface PlanSettings {
  /** Keeps the journals of several projects in one schema apart. */
  readonly project?: string
  /** The last migration to take. */
  readonly to?: string
  /** `RULE` or `RULE:migration`. */
  readonly allowed: readonly string[]
  readonly lockBudgetMs: number
  readonly statementTimeoutMs: number
}

export interface PlanVerbOptions extends LoadMigrationsOptions, PlanSettings {
  readonly connection: Connection
}

export interface Planned {
  readonly plan: Plan
  /** Unfinished ones, which go on from the journal's plan; while there are any, nothing after them is planned. */
  readonly inFlight: readonly string[]
  /** The schema that unqualified names mean. */
  readonly schema: string
}

/** The steps for what is pending in a database, which is only read. */
export async function planMigrations(options: PlanVerbOptions): Promise<Planned> {
  const loaded = await loadMigrations(options)
  await using target = await openTarget(options.connection)
  const planned = await planPending(target, loaded, options)
  return { ...planned, plan: await withEstimates(target, planned.plan) }
}

/**
 * Plans on an open target. Throws `file-changed`, `out-of-order` and `in-flight` where running what is pending would be wrong,
 * and what parsing throws, with file and line.
 */
export async function planPending(target: Target, loaded: LoadedMigrations, settings: PlanSettings): Promise<Planned> {
  const situation = await readSituation(target, loaded, settings.project)
  const standings = standingsOf(loaded.migrations, situation)
  const pending = pendingOf(standings, settings)
  const open = inFlight(situation.progress)
  const next = open.length > 0 ? [] : pending
  const backfills = await loadNamed(target.engine, loaded.root, next)
  const expanded = await storedOf(target, situation, expandedIn(situation.progress))
  // A schema by the name of a version that was never applied is somebody else's.
  const applied = standings.filter(({ state }) => state === 'complete' || state === 'expanded')
  const all = applied.flatMap(({ migration }) => migration.version ?? [])
  return {
    plan: await planOn(target, next, { situation, settings, backfills, expanded, all }),
    inFlight: open,
    schema: schemaOf(situation),
  }
}

async function storedOf({ engine, session }: Target, { project }: Situation, ids: readonly string[]): Promise<readonly PlannedMigration[]> {
  const stored = await Promise.all(ids.map((id) => engine.journal(session).stored(project, id)))
  return stored.flatMap((one) => (one === undefined ? [] : [one.migration]))
}

interface Given {
  readonly situation: Situation
  readonly settings: PlanSettings
  readonly backfills: PlanOptions['backfills'] & {}
  readonly expanded: readonly PlannedMigration[]
  /** The versions that have been shown by views. */
  readonly all: readonly string[]
}

async function planOn({ engine }: Target, pending: LoadedMigrations['migrations'], given: Given): Promise<Plan> {
  const { project, catalog: physical } = given.situation
  const { lockBudgetMs, statementTimeoutMs, allowed } = given.settings
  await engine.load()
  const made = plan(engine, pending, {
    project,
    catalog: logicalCatalog(engine, physical, given.expanded),
    lockBudgetMs,
    statementTimeoutMs,
    allow: allowed,
    touched: '',
    backfills: given.backfills,
    open: given.expanded.map(openedBy).filter((one) => one !== undefined),
    versions: { physical, contracts: contractSql(given.expanded), all: given.all },
  })
  return { ...made, touched: touchedHash(made.migrations, physical) }
}

function schemaOf({ catalog }: Situation): string {
  return catalog.searchPath[0] ?? 'public'
}

/** Takes a saved plan where it still fits: the same project, files and tables. Throws `plan-stale` with what differs. */
export async function refuseStale(
  target: Target,
  loaded: LoadedMigrations,
  settings: PlanSettings & { readonly saved: Plan },
): Promise<Planned> {
  const { saved } = settings
  const situation = await readSituation(target, loaded, settings.project)
  pendingOf(standingsOf(loaded.migrations, situation), settings)
  if (saved.project !== situation.project) throw stale(`it is for ${saved.project}, and this is ${situation.project}`)
  for (const migration of saved.migrations) refuseOtherFile(migration, loaded)
  const begun = saved.migrations.some((migration) => situation.progress.has(migration.id))
  // Once a part of it has run, the tables differ by its own doing, and the journal says how far it came.
  if (!begun && touchedHash(saved.migrations, situation.catalog) !== saved.touched) throw stale('a table that it touches has changed')
  const isThere = (id: string) => ['complete', 'expanded'].includes(situation.progress.get(id)?.state ?? '')
  const rest = saved.migrations.filter(({ id }) => !isThere(id))
  await refuseOtherModules(loaded.root, rest)
  return { plan: { ...saved, migrations: rest }, inFlight: inFlight(situation.progress), schema: schemaOf(situation) }
}

function refuseOtherFile({ id, checksum }: Plan['migrations'][number], { migrations }: LoadedMigrations): void {
  const file = migrations.find((migration) => migration.id === id)
  if (file === undefined) throw stale(`${id} is in it, and there is no such file`)
  if (file.checksum !== checksum) throw stale(`${file.file} has changed`)
}

function stale(why: string): LockkeeperError {
  return new LockkeeperError('plan-stale', `The plan no longer fits: ${why}.`)
}
