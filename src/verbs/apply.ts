import { brokenAssumption } from '../adapters/_assumptions.ts'
import type { TriggerChoice } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Plan } from '../model/plan.ts'
import type { RunOptions, RunReport } from '../run/options.ts'
import { run } from '../run/run.ts'
import { present } from '../std/present.ts'
import { codeRunner } from './code-runner.ts'
import type { LoadedMigrations } from './load-migrations.ts'
import { backfillLoader } from './named-backfills.ts'
import type { Planned } from './plan.ts'
import type { Connection, Target } from './target.ts'
import { openTarget } from './target.ts'
import type { ThrottleChoice } from './throttles.ts'
import { openThrottles } from './throttles.ts'

export interface ApplyVerbOptions {
  readonly connection: Connection
  readonly loaded: LoadedMigrations
  /** On a target that is only read: what is pending there, or a saved plan that still fits. */
  readonly plan: (target: Target) => Promise<Planned>
  readonly settings: Omit<
    RunOptions,
    'engine' | 'connect' | 'plan' | 'migrations' | 'history' | 'code' | 'brokenAssumption' | 'backfills' | 'loadBackfill'
  >
  /** Reasons to hold batched changes back. */
  readonly throttles?: readonly ThrottleChoice[]
  readonly triggers?: TriggerChoice
  /** How many batches of a backfill at once. */
  readonly workers?: number
}

/** What a database had pending when it was looked at. */
export interface Looked {
  readonly planned: Planned
  readonly engine: RunOptions['engine']
  readonly history: RunOptions['history']
}

export type Ran = { readonly plan: Plan; readonly report: RunReport }

/** Connects read-only and plans; `seen` hears which database it is before anything else is done there. */
export async function look({ connection, loaded, plan }: ApplyVerbOptions, seen?: (target: Target) => void): Promise<Looked> {
  await using target = await openTarget(connection)
  seen?.(target)
  const planned = await plan(target)
  return { planned, engine: target.engine, history: loaded.history(planned.schema) }
}

/**
 * Runs what was found. What is in flight goes on first and alone, since only then the schema is as the files after it expect; then what is
 * pending is planned on what that left.
 */
export async function applyLooked(options: ApplyVerbOptions, first: Looked): Promise<readonly Ran[]> {
  if (first.planned.inFlight.length === 0) return [await runOne(options, first)]
  const resumed = await runOne(options, { ...first, planned: { ...first.planned, plan: { ...first.planned.plan, migrations: [] } } })
  const next = await look(options)
  if (isIdle(next.planned)) return [resumed]
  return [resumed, await runOne(options, next).catch((error: unknown) => Promise.reject(committedBefore(error)))]
}

/** Nothing is pending and nothing in flight. */
export function isIdle({ plan, inFlight }: Planned): boolean {
  return plan.migrations.length === 0 && inFlight.length === 0 && plan.waiting === undefined
}

/** Throws `waits-for-contract` where a migration stays behind one that is expanded (H11); what could go on has gone by then. */
export function refuseWaiting(ran: readonly Ran[]): void {
  const waiting = ran.at(-1)?.plan.waiting
  if (waiting === undefined) return
  const { migration, behind, what } = waiting
  throw new LockkeeperError('waits-for-contract', `${migration} stays behind ${behind}, which keeps ${what} double until its contract`, {
    hint: `Once no application needs the old shape: lockkeeper complete ${behind}. Then run this again.`,
    details: { migration, behind, committed: ran.some(({ report }) => report.summary.steps > 0), report: ran.at(-1)?.report },
  })
}

async function runOne(
  { connection, loaded, settings, throttles: choices = [], triggers, workers }: ApplyVerbOptions,
  looked: Looked,
): Promise<Ran> {
  const { plan } = looked.planned
  const { replicas = [], signal } = settings
  await using throttles = await openThrottles({ engine: looked.engine, connection, replicas, choices, signal })
  const report = await run({
    ...settings,
    engine: looked.engine,
    connect: connection,
    plan,
    migrations: loaded.migrations,
    brokenAssumption,
    loadBackfill: backfillLoader(loaded.root),
    backfills: { holdFor: throttles.holdFor, ...present({ triggers, workers }) },
    ...present({ history: looked.history, code: codeRunner(looked.engine, loaded, settings.allowed) }),
  })
  return { plan, report }
}

// The resumed part was committed by this very process, whatever becomes of the rest.
function committedBefore(error: unknown): unknown {
  if (!(error instanceof LockkeeperError)) return error
  return new LockkeeperError(error.code, error.message, { hint: error.hint, cause: error, details: { ...error.details, committed: true } })
}
