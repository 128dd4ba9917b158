import { connect } from '../postgres/session.ts'
import type { Session } from '../model/session.ts'
import { runWorkload } from './lanes.ts'
import type { Running } from './lanes.ts'
import type { Order, Report } from './traffic.ts'
import { randomFrom } from './workload.ts'
import type { Workload } from './workload.ts'

/** The application, in a process of its own, so that what the tool does with its event loop cannot be taken for the database's latency. */
function main(): void {
  process.on('SIGINT', () => undefined) // a terminal sends it to the whole group; the parent decides
  process.on('SIGTERM', () => undefined)
  process.on('disconnect', () => process.exit(0))
  let traffic: Promise<Traffic> | undefined
  process.on('message', (order: Order) => {
    switch (order.type) {
      case 'start':
        traffic = start(order)
        traffic.then(
          () => tell({ type: 'ready' }),
          (error: unknown) => tell({ type: 'failed', message: String(error) }),
        )
        break
      case 'stop':
        void traffic?.then((started) => started.stop()).then((report) => tell(report, () => process.disconnect()))
        break
    }
  })
}

interface Traffic {
  stop(): Promise<Report>
}

async function start(order: Extract<Order, { readonly type: 'start' }>): Promise<Traffic> {
  const numbers: number[] = []
  const failures: [number, string][] = []
  const running: Running[] = []
  const lanes = await Promise.all(order.workloads.map((workload) => open(order.url, workload)))
  for (const [kind, workload] of order.workloads.entries()) {
    const record = (dueMs: number, latencyMs: number, sqlstate: string | undefined): void => {
      if (sqlstate !== undefined) failures.push([numbers.length / 3, sqlstate])
      numbers.push(dueMs, latencyMs, kind)
    }
    running.push(runWorkload(workload, lanes[kind] ?? [], { random: randomFrom(order.seed + kind), record }))
  }
  return {
    stop: async () => {
      await Promise.all(running.map((workload) => workload.stop()))
      await Promise.all(lanes.flat().map((session) => session.close()))
      return { type: 'samples', numbers: Float64Array.from(numbers), failures }
    },
  }
}

function open(url: string, workload: Workload): Promise<readonly Session[]> {
  return Promise.all(Array.from({ length: workload.connections }, () => connect({ url, applicationName: `shop ${workload.kind}` })))
}

function tell(report: Report, then?: () => void): void {
  process.send?.(report, undefined, {}, then)
}

main()
