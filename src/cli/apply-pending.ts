import { brokenAssumption } from '../adapters/_assumptions.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { Plan } from '../model/plan.ts'
import { applyJson, applyText } from '../report/apply.ts'
import { planJson, planText } from '../report/plan.ts'
import { count } from '../report/style.ts'
import type { RunOptions, RunReport } from '../run/options.ts'
import { run } from '../run/run.ts'
import { present } from '../std/present.ts'
import { codeRunner } from '../verbs/code-runner.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import type { Planned } from '../verbs/plan.ts'
import { planPending, refuseStale } from '../verbs/plan.ts'
import type { Connection, Target } from '../verbs/target.ts'
import { openTarget } from '../verbs/target.ts'
import { openThrottles } from '../verbs/throttles.ts'
import type { Context, Invocation } from './command.ts'
import { replicasOf } from './connection.ts'
import type { Config } from './define-config.ts'
import { readPlanFile } from './plan-file.ts'
import { progressListener } from './progress.ts'
import { confirmed } from './recording.ts'
import { runSettings } from './run-settings.ts'
import { settingsOf } from './settings.ts'
import { printTarget } from './target-line.ts'
import { throttleChoices } from './throttle-choices.ts'

export interface ApplyRequest {
  readonly invocation: Invocation
  readonly context: Context
  readonly config: Config
  readonly connection: Connection
  readonly loaded: LoadedMigrations
}

/**
 * Looks, asks, and runs. What is in flight goes on first and alone, since only then the schema is as the files after it expect;
 * then what is pending is planned on what that left.
 */
export async function applyPending(request: ApplyRequest): Promise<number> {
  const { invocation, context } = request
  const first = await look(request, true)
  if (invocation.options.dryRun === true) return dryRun(request, first.planned)
  if (isIdle(first.planned)) return nothing(request, first.planned.plan)
  if (!(await confirmed(invocation, context, question(first.planned)))) return 1
  await using progress = await progressListener(context, invocation.options.events)
  const reports = await runAll(request, first, progress.listener)
  const json = invocation.options.json === true || invocation.options.format === 'json'
  const { plan, report } = joined(reports)
  context.stdout.write(json ? applyJson(plan, report) : applyText(context, report))
  return 0
}

interface Looked {
  readonly planned: Planned
  readonly engine: RunOptions['engine']
  readonly history: RunOptions['history']
}

/** Connects read-only, says where, and plans; `aloud` for the first time. */
async function look(request: ApplyRequest, aloud: boolean): Promise<Looked> {
  const { context, connection, loaded } = request
  await using target = await openTarget(connection)
  if (aloud) printTarget(context, target.session, connection.role)
  const planned = await planFor(request, target)
  return { planned, engine: target.engine, history: loaded.history(planned.schema) }
}

async function planFor(request: ApplyRequest, target: Target): Promise<Planned> {
  const { invocation, context, config, loaded } = request
  const { to, plan: file } = invocation.options
  const { lockBudgetMs, statementTimeoutMs, allowed } = settingsOf(invocation.options, config)
  const options = { lockBudgetMs, statementTimeoutMs, allowed, ...present({ to, project: config.project }) }
  if (file === undefined) return await planPending(target, loaded, options)
  const saved = await readPlanFile(context.cwd, file)
  return await refuseStale(target, loaded, { ...options, saved })
}

type Listener = RunOptions['listener']
type Ran = { readonly plan: Plan; readonly report: RunReport }

async function runAll(request: ApplyRequest, first: Looked, listener: Listener): Promise<readonly Ran[]> {
  if (first.planned.inFlight.length === 0) return [await runOne(request, first, listener)]
  const resumed = await runOne(
    request,
    { ...first, planned: { ...first.planned, plan: { ...first.planned.plan, migrations: [] } } },
    listener,
  )
  const next = await look(request, false)
  if (isIdle(next.planned)) return [resumed]
  return [resumed, await runOne(request, next, listener).catch((error: unknown) => Promise.reject(committedBefore(error)))]
}

async function runOne({ invocation, context, config, connection, loaded }: ApplyRequest, looked: Looked, listener: Listener): Promise<Ran> {
  const { plan } = looked.planned
  const settings = runSettings({ options: invocation.options, config, context, listener })
  const replicas = replicasOf({ options: invocation.options, config }, connection)
  const choices = throttleChoices(invocation.options, config)
  await using throttles = await openThrottles({ engine: looked.engine, connection, replicas, choices, signal: context.signal })
  const report = await run({
    ...settings,
    engine: looked.engine,
    connect: connection,
    plan,
    migrations: loaded.migrations,
    brokenAssumption,
    replicas,
    backfills: { holdFor: throttles.holdFor, ...present({ triggers: invocation.options.triggers }) },
    ...present({ history: looked.history, code: codeRunner(looked.engine, loaded, settings.allowed) }),
  })
  return { plan, report }
}

// The resumed part was committed by this very process, whatever becomes of the rest.
function committedBefore(error: unknown): unknown {
  if (!(error instanceof LockkeeperError)) return error
  return new LockkeeperError(error.code, error.message, { hint: error.hint, cause: error, details: { ...error.details, committed: true } })
}

function joined(runs: readonly Ran[]): Ran {
  const migrations = runs.flatMap((one) => one.report.migrations)
  const sum = (of: (report: RunReport) => number) => runs.reduce((total, one) => total + of(one.report), 0)
  const summary = {
    longestLockHeldMs: Math.max(0, ...runs.map((one) => one.report.summary.longestLockHeldMs)),
    steps: sum((report) => report.summary.steps),
    attempts: sum((report) => report.summary.attempts),
    ms: sum((report) => report.summary.ms),
  }
  const last = runs.at(-1)
  if (last === undefined) throw new RangeError('joined needs a run')
  return { plan: { ...last.plan, migrations: runs.flatMap((one) => one.plan.migrations) }, report: { migrations, summary } }
}

function isIdle({ plan, inFlight }: Planned): boolean {
  return plan.migrations.length === 0 && inFlight.length === 0
}

function question({ plan, inFlight }: Planned): string {
  const parts = [
    ...(inFlight.length > 0 ? [`go on with ${inFlight.join(', ')}`] : []),
    ...(plan.migrations.length > 0
      ? [`apply ${count(plan.migrations.length, 'migration')} (${plan.migrations.map((migration) => migration.id).join(', ')})`]
      : []),
  ]
  const text = parts.join(', and then ')
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}?`
}

function dryRun({ invocation, context }: ApplyRequest, { plan, inFlight }: Planned): number {
  if (inFlight.length > 0) context.stderr.write(`In flight, and first to go on: ${inFlight.join(', ')}\n`)
  const json = invocation.options.json === true || invocation.options.format === 'json'
  context.stdout.write(json ? planJson(plan) : planText(context, plan))
  return 0
}

function nothing({ invocation, context }: ApplyRequest, plan: Plan): number {
  const report = { migrations: [], summary: { longestLockHeldMs: 0, steps: 0, attempts: 0, ms: 0 } }
  const json = invocation.options.json === true || invocation.options.format === 'json'
  context.stdout.write(json ? applyJson(plan, report) : applyText(context, report))
  return 0
}
