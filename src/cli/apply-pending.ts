import type { Plan } from '../model/plan.ts'
import { applyJson, applyText } from '../report/apply.ts'
import { planJson, planText } from '../report/plan.ts'
import { count } from '../report/style.ts'
import type { RunOptions, RunReport } from '../run/options.ts'
import { present } from '../std/present.ts'
import type { ApplyVerbOptions, Ran } from '../verbs/apply.ts'
import { applyLooked, isIdle, look, refuseWaiting } from '../verbs/apply.ts'
import { applyToTheEnd } from '../verbs/complete.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import type { Planned } from '../verbs/plan.ts'
import { planPending, refuseStale } from '../verbs/plan.ts'
import type { Connection, Target } from '../verbs/target.ts'
import type { Context, Invocation } from './command.ts'
import { replicasOf } from './connection.ts'
import { contractOptions } from './contract-flags.ts'
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

/** Looks, asks, and runs. */
export async function applyPending(request: ApplyRequest): Promise<number> {
  const { invocation, context } = request
  const first = await look(
    verbOptions(request, () => undefined),
    ({ session }) => printTarget(context, session, request.connection.role),
  )
  if (invocation.options.dryRun === true) return dryRun(request, first.planned)
  if (isIdle(first.planned)) return nothing(request, first.planned.plan)
  if (hasWork(first.planned) && !(await confirmed(invocation, context, question(first.planned)))) return 1
  await using progress = await progressListener(context, invocation.options.events)
  const options = verbOptions(request, progress.listener)
  const asked = { contract: contractOptions(invocation.options, request.config), ...present({ project: request.config.project }) }
  const reports = invocation.options.complete === true ? await applyToTheEnd(options, first, asked) : await applyLooked(options, first)
  const json = invocation.options.json === true || invocation.options.format === 'json'
  const { plan, report } = joined(reports)
  refuseWaiting(reports)
  context.stdout.write(json ? applyJson(plan, report) : applyText(context, report))
  return 0
}

function verbOptions(request: ApplyRequest, listener: RunOptions['listener']): ApplyVerbOptions {
  const { invocation, context, config, connection, loaded } = request
  const settings = runSettings({ options: invocation.options, config, context, listener })
  const replicas = replicasOf({ options: invocation.options, config }, connection)
  return {
    connection,
    loaded,
    plan: async (target) => await planFor(request, target),
    settings: { ...settings, replicas },
    throttles: throttleChoices(invocation.options, config),
    ...present({ triggers: invocation.options.triggers, workers: invocation.options.workers }),
  }
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

/** Where it only waits there is nothing to ask. */
function hasWork({ plan, inFlight }: Planned): boolean {
  return plan.migrations.length + inFlight.length > 0
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
