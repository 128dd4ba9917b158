import { hostname } from 'node:os'
import type { FleetOptions, TargetDone } from '../fleet/options.ts'
import { defaultTiming } from '../fleet/options.ts'
import { previewFleet } from '../fleet/read-fleet.ts'
import { runFleet } from '../fleet/run-fleet.ts'
import type { FleetJob, FleetListener, FleetReport, FleetTarget } from '../model/fleet.ts'
import { fleetText, fleetWaves } from '../report/fleet.ts'
import { count } from '../report/style.ts'
import type { FleetRequest } from './fleet-control.ts'
import { controlDatabase, printControl, resolveTargets, rulesGiven } from './fleet-control.ts'
import type { FleetIdentity } from './fleet-identity.ts'
import { printReport } from './fleet-print.ts'
import { fleetProgress } from './fleet-progress.ts'
import { confirmed } from './recording.ts'
import { throttleChoices } from './throttle-choices.ts'

/** What one run of a fleet does, as far as the fleet's own machinery cares. */
export interface FleetTask {
  readonly job: FleetJob
  readonly identity: FleetIdentity
  /** For the question whether to begin: `Apply the 3 migrations of DIRECTORY to`, and how many targets follows. */
  readonly intent: string
  /** Does it in one target. It is resumable, and may be called again for the same one. */
  readonly run: (target: FleetTarget, running: TargetRunning) => Promise<TargetDone>
}

export interface TargetRunning {
  readonly signal: AbortSignal
  readonly listener: FleetListener
}

/** Some work of the processor for each target, and connections: more of them at once gain little on one machine. */
const defaultConcurrency = 4

/** Looks, asks, and takes part in the fleet until it has ended, or nothing of it is left for this machine. */
export async function takePart(request: FleetRequest, task: FleetTask): Promise<number> {
  const { invocation, context, config } = request
  // One that is none is told here, not by each target.
  throttleChoices(invocation.options, config)
  const control = await controlDatabase(request)
  const { targets, preview } = await lookAt(request, task, control)
  const verb = task.job.kind
  if (invocation.options.dryRun === true) return printReport(request, verb, { report: preview, text: fleetWaves })
  if (!(await confirmed(invocation, context, question(task, preview)))) return 1
  await using progress = await fleetProgress(context, invocation.options.events)
  const { listener } = progress
  const report = await runFleet({
    ...settings(request, task, targets),
    connect: control.open,
    listener,
    runTarget: async (target, signal) => await task.run(target, { signal, listener }),
  })
  printReport(request, verb, { report, text: fleetText })
  return statusOf(report, targets)
}

interface Looked {
  readonly targets: readonly FleetTarget[]
  readonly preview: FleetReport
}

async function lookAt(request: FleetRequest, task: FleetTask, control: Awaited<ReturnType<typeof controlDatabase>>): Promise<Looked> {
  await using session = await control.open()
  printControl(request.context, session)
  const targets = await resolveTargets(request, control, session)
  return { targets, preview: await previewFleet(session, part(request, task, targets)) }
}

type Part = Pick<FleetOptions, 'name' | 'checksum' | 'job' | 'targets' | 'rules' | 'skip'>

function part({ invocation }: FleetRequest, { job, identity }: FleetTask, targets: readonly FleetTarget[]): Part {
  return { ...identity, job, targets, rules: rulesGiven(invocation), skip: invocation.options.skip ?? [] }
}

function settings(
  request: FleetRequest,
  task: FleetTask,
  targets: readonly FleetTarget[],
): Omit<FleetOptions, 'connect' | 'listener' | 'runTarget'> {
  return {
    ...part(request, task, targets),
    machine: `${hostname()}:${process.pid}:${crypto.randomUUID().slice(0, 8)}`,
    concurrency: request.invocation.options.concurrency ?? defaultConcurrency,
    timing: defaultTiming,
    signal: request.context.signal,
  }
}

/** 0 where every target of this machine's list is done; else 5, or 3 where this machine changed nothing anywhere. */
function statusOf(report: FleetReport, targets: readonly FleetTarget[]): number {
  const ours = new Set(targets.map((target) => target.name))
  const open = report.targets.filter((target) => ours.has(target.name) && target.state !== 'done' && target.state !== 'skipped')
  if (open.length === 0) return 0
  return report.changed ? 5 : 3
}

function question({ intent }: FleetTask, { targets }: FleetReport): string {
  const left = targets.filter((target) => target.state !== 'done' && target.state !== 'skipped')
  const waves = new Set(left.map((target) => target.wave)).size
  return `${intent} ${count(left.length, 'target')}, in ${count(waves, 'wave')}?`
}
