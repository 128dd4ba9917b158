import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { resolve } from 'node:path'
import type { FleetOptions } from '../fleet/options.ts'
import { defaultTiming } from '../fleet/options.ts'
import { previewFleet } from '../fleet/read-fleet.ts'
import { runFleet } from '../fleet/run-fleet.ts'
import type { FleetJob, FleetListener, FleetReport, FleetTarget } from '../model/fleet.ts'
import { fleetJson, fleetLine, fleetText, fleetWaves } from '../report/fleet.ts'
import { count } from '../report/style.ts'
import { present } from '../std/present.ts'
import { applyLooked, isIdle, look } from '../verbs/apply.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import { planPending } from '../verbs/plan.ts'
import type { Context } from './command.ts'
import type { FleetRequest } from './fleet-control.ts'
import { controlDatabase, identityOf, passwordFor, printControl, resolveTargets, rulesGiven } from './fleet-control.ts'
import { lineWriter } from './progress.ts'
import { confirmed } from './recording.ts'
import { runSettings } from './run-settings.ts'
import { settingsOf } from './settings.ts'
import { targetLine } from './target-line.ts'

const job: FleetJob = { kind: 'apply' }

/** Two connections each here and some work of the processor for the plan: more of them at once gain little on one machine. */
const defaultConcurrency = 4

export type FleetApplyRequest = FleetRequest & { readonly loaded: LoadedMigrations }

/** Looks, asks, and takes part in the fleet until it has ended, or nothing of it is left for this machine. */
export async function fleetApply(request: FleetApplyRequest): Promise<number> {
  const { invocation, context } = request
  const control = await controlDatabase(request)
  const looked = await lookAt(request, control)
  if (invocation.options.dryRun === true) return print(request, looked.preview, fleetWaves)
  if (!(await confirmed(invocation, context, question(request, looked.preview)))) return 1
  await using progress = await fleetProgress(context, invocation.options.events)
  const { identity, targets } = looked
  const inTurn = oneAtATime()
  const report = await runFleet({
    ...identity,
    ...settings(request, targets),
    connect: control.open,
    listener: progress.listener,
    runTarget: async (target, signal) =>
      await inTurn(target, async () => await applyTo(target, { request, signal, listener: progress.listener })),
  })
  print(request, report, fleetText)
  return statusOf(report, targets)
}

/** Schemas of one database wait for each other here, not for its run lock with two connections each. */
function oneAtATime(): <T>(target: FleetTarget, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (target, work) => {
    const { host, pathname, search } = new URL(target.url)
    const mine = (last.get(`${host}${pathname}${search}`) ?? Promise.resolve()).then(work)
    last.set(
      `${host}${pathname}${search}`,
      mine.catch(() => undefined),
    )
    return await mine
  }
}

type Looked = { readonly targets: readonly FleetTarget[]; readonly preview: FleetReport; readonly identity: ReturnType<typeof identityOf> }

async function lookAt(request: FleetApplyRequest, control: Awaited<ReturnType<typeof controlDatabase>>): Promise<Looked> {
  const { invocation, context, loaded } = request
  await using session = await control.open()
  printControl(context, session)
  const targets = await resolveTargets(request, control, session)
  const identity = identityOf(request, job, loaded)
  const preview = await previewFleet(session, {
    ...identity,
    job,
    targets,
    rules: rulesGiven(invocation),
    skip: invocation.options.skip ?? [],
  })
  return { targets, preview, identity }
}

function settings(
  { invocation, context }: FleetRequest,
  targets: readonly FleetTarget[],
): Omit<FleetOptions, 'name' | 'checksum' | 'connect' | 'listener' | 'runTarget'> {
  const { options } = invocation
  return {
    job,
    targets,
    rules: rulesGiven(invocation),
    skip: options.skip ?? [],
    machine: `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`,
    concurrency: options.concurrency ?? defaultConcurrency,
    timing: defaultTiming,
    signal: context.signal,
  }
}

interface Applying {
  readonly request: FleetApplyRequest
  readonly signal: AbortSignal
  readonly listener: FleetListener
}

/** Another machine may work on another schema of the same database, and only one of them at a time. */
const runLockTimeoutMs = 600_000

/** As `apply` in one database: what it has done there is in that database's own journal, so it may be asked again at any time. */
async function applyTo(target: FleetTarget, { request, signal, listener }: Applying): Promise<{ readonly steps: number }> {
  const { invocation, context, config, loaded } = request
  const { options } = invocation
  const role = options.role ?? config.role
  const connection = present({
    url: target.url,
    signal,
    role,
    schema: target.schema ?? options.schema ?? config.schema,
    ...passwordFor(target.url, config),
  })
  const { lockBudgetMs, statementTimeoutMs, allowed } = settingsOf(options, config)
  const planning = { lockBudgetMs, statementTimeoutMs, allowed, ...present({ to: options.to, project: config.project }) }
  const applying = {
    connection,
    loaded,
    plan: async (opened: Parameters<typeof planPending>[0]) => await planPending(opened, loaded, planning),
    settings: {
      ...runSettings({ options, config, context, listener: (event) => listener({ type: 'target-event', target: target.name, event }) }),
      ...(options.runLockTimeout === undefined && config.runLockTimeout === undefined ? { runLockTimeoutMs } : {}),
      signal,
    },
  }
  const first = await look(applying, ({ session }) => context.stderr.write(`${target.name}: ${targetLine(session, role)}\n`))
  if (isIdle(first.planned)) return { steps: 0 }
  const ran = await applyLooked(applying, first)
  return { steps: ran.reduce((sum, one) => sum + one.report.summary.steps, 0) }
}

/** 0 where every target of this machine's list is done; else 5, or 3 where this machine changed nothing anywhere. */
function statusOf(report: FleetReport, targets: readonly FleetTarget[]): number {
  const ours = new Set(targets.map((target) => target.name))
  const open = report.targets.filter((target) => ours.has(target.name) && target.state !== 'done' && target.state !== 'skipped')
  if (open.length === 0) return 0
  return report.changed ? 5 : 3
}

function print({ invocation, context }: FleetRequest, report: FleetReport, text: (style: Context, report: FleetReport) => string): number {
  const json = invocation.options.json === true || invocation.options.format === 'json'
  context.stdout.write(json ? fleetJson('apply', report) : text(context, report))
  return 0
}

function question({ loaded }: FleetApplyRequest, { targets }: FleetReport): string {
  const left = targets.filter((target) => target.state !== 'done' && target.state !== 'skipped')
  const waves = new Set(left.map((target) => target.wave)).size
  return `Apply the ${count(loaded.migrations.length, 'migration')} of ${loaded.path} to ${count(left.length, 'target')}, in ${count(waves, 'wave')}?`
}

interface FleetProgress extends AsyncDisposable {
  readonly listener: FleetListener
}

/** A line for each target on standard error; every event, those of the targets' runs too, in the file of --events. */
async function fleetProgress(context: Context, eventsFile: string | undefined): Promise<FleetProgress> {
  const file = eventsFile === undefined ? undefined : await open(resolve(context.cwd, eventsFile), 'a')
  const writing = lineWriter(file)
  return {
    listener(event) {
      const line = fleetLine(event)
      if (line !== undefined) context.stderr.write(`${line}\n`)
      writing.write(event.type === 'target-event' ? { target: event.target, ...event.event } : { at: Date.now(), ...event })
    },
    async [Symbol.asyncDispose]() {
      await writing.end()
      await file?.close()
    },
  }
}
