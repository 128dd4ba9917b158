import type { FleetJob, FleetTarget } from '../model/fleet.ts'
import { count } from '../report/style.ts'
import { present } from '../std/present.ts'
import type { ApplyVerbOptions } from '../verbs/apply.ts'
import { applyLooked, isIdle, look, refuseWaiting } from '../verbs/apply.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import { planPending } from '../verbs/plan.ts'
import type { FleetRequest } from './fleet-control.ts'
import { connectionTo, printFleetTarget } from './fleet-control.ts'
import { applyIdentity } from './fleet-identity.ts'
import type { TargetRunning } from './fleet-part.ts'
import { takePart } from './fleet-part.ts'
import { runSettings } from './run-settings.ts'
import { settingsOf } from './settings.ts'
import { throttleChoices } from './throttle-choices.ts'

const job: FleetJob = { kind: 'apply' }

export type FleetApplyRequest = FleetRequest & { readonly loaded: LoadedMigrations }

/** One folder of migrations in every target. */
export async function fleetApply(request: FleetApplyRequest): Promise<number> {
  const { migrations, path } = request.loaded
  const inTurn = oneAtATime()
  return await takePart(request, {
    job,
    identity: applyIdentity(request, request.loaded),
    intent: `Apply the ${count(migrations.length, 'migration')} of ${path} to`,
    run: async (target, running) => await inTurn(target, async () => await applyTo(target, request, running)),
  })
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

/** As `apply` in one database: what it has done there is in that database's own journal, so it may be asked again at any time. */
async function applyTo(target: FleetTarget, request: FleetApplyRequest, running: TargetRunning): Promise<{ readonly steps: number }> {
  const applying = verbOptions(target, request, running)
  const first = await look(applying, (opened) => printFleetTarget(request, target, opened))
  if (isIdle(first.planned)) return { steps: 0 }
  const ran = await applyLooked(applying, first)
  refuseWaiting(ran)
  return { steps: ran.reduce((sum, one) => sum + one.report.summary.steps, 0) }
}

/** Another machine may work on another schema of the same database, and only one of them at a time. */
const runLockTimeoutMs = 600_000

function verbOptions(target: FleetTarget, request: FleetApplyRequest, { signal, listener }: TargetRunning): ApplyVerbOptions {
  const { invocation, context, config, loaded } = request
  const { options } = invocation
  const { lockBudgetMs, statementTimeoutMs, allowed } = settingsOf(options, config)
  const planning = { lockBudgetMs, statementTimeoutMs, allowed, ...present({ to: options.to, project: config.project }) }
  return {
    connection: connectionTo(target, request, signal),
    loaded,
    plan: async (opened) => await planPending(opened, loaded, planning),
    settings: {
      ...runSettings({ options, config, context, listener: (event) => listener({ type: 'target-event', target: target.name, event }) }),
      ...(options.runLockTimeout === undefined && config.runLockTimeout === undefined ? { runLockTimeoutMs } : {}),
      signal,
    },
    throttles: throttleChoices(options, config),
    ...present({ triggers: options.triggers, workers: options.workers }),
  }
}
