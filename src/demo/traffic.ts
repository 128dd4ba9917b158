import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { LockkeeperError } from '../model/errors.ts'
import { fromSource, ownFile } from '../std/own-files.ts'
import type { Sample } from './samples.ts'
import type { Workload } from './workload.ts'

export type Order =
  | { readonly type: 'start'; readonly url: string; readonly workloads: readonly Workload[]; readonly seed: number }
  | { readonly type: 'stop' }

export type Report =
  | { readonly type: 'ready' }
  | { readonly type: 'failed'; readonly message: string }
  /** Three numbers a query: due, latency, index of its workload. `failures` has the positions of those that failed, with their SQLSTATE. */
  | { readonly type: 'samples'; readonly numbers: Float64Array; readonly failures: readonly (readonly [number, string])[] }

export interface TrafficOptions {
  readonly url: string
  readonly workloads: readonly Workload[]
  readonly signal: AbortSignal
}

export interface Traffic extends AsyncDisposable {
  /** Ends the traffic, waits until what was due is answered (at most two minutes), and hands over every query. */
  stop(): Promise<readonly Sample[]>
}

/** Two minutes: more than the longest stall of any way. */
const drainLimitMs = 120_000
const startLimitMs = 60_000

/** Starts the application's traffic in a process of its own; resolves when all its connections stand. Disposing ends it at once. */
export async function startTraffic(options: TrafficOptions): Promise<Traffic> {
  const child = forkProcess()
  try {
    const ready = nextReport(child, startLimitMs, options.signal)
    child.send({ type: 'start', url: options.url, workloads: options.workloads, seed: 1 } satisfies Order)
    await ready
  } catch (error) {
    await end(child)
    throw error
  }
  return { stop: () => stop(child, options), [Symbol.asyncDispose]: () => end(child) }
}

async function stop(child: ChildProcess, { workloads, signal }: TrafficOptions): Promise<readonly Sample[]> {
  const samples = nextReport(child, drainLimitMs, signal)
  child.send({ type: 'stop' } satisfies Order)
  const report = await samples
  return report.type === 'samples' ? unpack(report, workloads) : []
}

function unpack(report: Extract<Report, { readonly type: 'samples' }>, workloads: readonly Workload[]): readonly Sample[] {
  const failures = new Map(report.failures)
  return Array.from({ length: report.numbers.length / 3 }, (_, index) => {
    const [dueMs = 0, latencyMs = 0, kind = 0] = report.numbers.subarray(index * 3, index * 3 + 3)
    const sqlstate = failures.get(index)
    return { dueMs, latencyMs, kind: workloads[kind]?.kind ?? '', ...(sqlstate === undefined ? {} : { sqlstate }) }
  })
}

function forkProcess(): ChildProcess {
  return fork(ownFile('demo/traffic-process.ts'), {
    serialization: 'advanced',
    execArgv: fromSource ? ['--import', loader()] : [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
}

/** From source the child needs the TypeScript loader, which a test runner does not hand down. */
function loader(): string {
  return pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
}

async function nextReport(child: ChildProcess, limitMs: number, signal: AbortSignal): Promise<Report> {
  const give = new AbortController()
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs), give.signal])
  const exited = once(child, 'exit', { signal: limit }).then(
    () => new LockkeeperError('internal', 'the process that makes the traffic ended by itself'),
  )
  try {
    const answer = await Promise.race([once(child, 'message', { signal: limit }), exited])
    if (answer instanceof LockkeeperError) throw answer
    const report = answer[0] as Report
    if (report.type === 'failed') throw new LockkeeperError('internal', `the traffic could not start: ${report.message}`)
    return report
  } finally {
    give.abort()
    exited.catch(() => undefined)
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
