import { setTimeout as delay } from 'node:timers/promises'
import { monotonicMs } from './clock.ts'
import type { WayResult, WayStep } from './document.ts'
import { startReport } from './report-query.ts'
import { resultOf } from './result.ts'
import type { MigrationStretch } from './result.ts'
import type { Window } from './samples.ts'
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
  return resultOf(way.id, samples, { idle, run })
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
