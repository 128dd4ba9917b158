import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from './clock.ts'
import type { WayResult, WayStep } from './document.ts'
import { startReport } from './report-query.ts'
import { failuresOf, figuresOf, timelineOf } from './samples.ts'
import type { Sample, Window } from './samples.ts'
import { shopTraffic } from './shop.ts'
import { startTraffic } from './traffic.ts'
import type { Way, WayOptions } from './way.ts'

export interface MeasureOptions {
  readonly url: string
  readonly folder: string
  readonly orders: number
  readonly reportSeconds: number
  readonly signal: AbortSignal
  readonly say: (text: string) => void
}

/** New connections, cold caches and plans are not what is measured. */
const warmUpMs = 2000
/** After the last commit, to see a stall that it leaves behind. */
const tailMs = 1000

/** Measures one way: an idle stretch with the report and no migration, then the migration from the moment that the same report begins. */
export async function measureWay(way: Way, options: MeasureOptions): Promise<WayResult> {
  const { url, orders, signal, say } = options
  await using traffic = await startTraffic({ url, workloads: shopTraffic(orders), signal })
  await delay(warmUpMs, undefined, { signal })
  say('idle stretch: traffic and the report, no migration')
  const idle = await idleStretch(options)
  say('the report and the migration begin')
  const run = await migrationStretch(way, options)
  const samples = await traffic.stop()
  return resultOf(way, samples, { idle, run })
}

interface Stretches {
  readonly idle: Window
  readonly run: MigrationStretch
}

interface MigrationStretch {
  readonly window: Window
  readonly doneMs: number
  readonly blockerMs: number
  readonly steps: readonly WayStep[]
}

async function idleStretch(options: MeasureOptions): Promise<Window> {
  const fromMs = monotonicMs()
  const report = await startReport({ ...options, seconds: options.reportSeconds })
  return { fromMs, toMs: await report.ended }
}

async function migrationStretch(way: Way, options: MeasureOptions): Promise<MigrationStretch> {
  const report = await startReport({ ...options, seconds: options.reportSeconds })
  const { fromMs, steps } = await runWay(way, options)
  const doneMs = monotonicMs() - fromMs
  const blockerMs = (await report.ended) - fromMs
  await delay(tailMs, undefined, { signal: options.signal })
  return { window: { fromMs, toMs: monotonicMs() }, doneMs, blockerMs, steps }
}

/** Runs the way with no traffic and no report beside it; how long it took. */
export async function runAlone(way: Way, options: RunOptions): Promise<number> {
  const fromMs = monotonicMs()
  await runWay(way, options)
  return Math.round(monotonicMs() - fromMs)
}

type RunOptions = Pick<WayOptions, 'url' | 'folder' | 'signal' | 'say'>

async function runWay(way: Way, options: RunOptions): Promise<{ readonly fromMs: number; readonly steps: readonly WayStep[] }> {
  const fromMs = monotonicMs()
  return { fromMs, steps: await way.run({ ...options, elapsed: () => monotonicMs() - fromMs }) }
}

function resultOf(way: Way, samples: readonly Sample[], { idle, run }: Stretches): WayResult {
  return {
    way: way.id,
    ...figuresOf(samples, run.window),
    doneMs: Math.round(run.doneMs),
    doneAfterBlockerMs: doneAfterBlocker(run),
    blockerMs: Math.round(run.blockerMs),
    failures: failuresOf(samples, run.window),
    idle: figuresOf(samples, idle),
    steps: run.steps.map((step) => ({ ...step, startMs: Math.round(step.startMs), endMs: Math.round(step.endMs) })),
    timeline: timelineOf(samples, run.window, 1000),
  }
}

/** The first commit after the report, among the steps that had begun before it ended. */
function doneAfterBlocker({ steps, blockerMs, doneMs }: MigrationStretch): number {
  const heldBack = steps.filter((step) => step.startMs < blockerMs && step.endMs >= blockerMs).map((step) => step.endMs)
  return Math.round(Math.min(doneMs, ...heldBack) - blockerMs)
}
