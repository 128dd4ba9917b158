import type { Session } from '../model/session.ts'
import { codeOf } from '../postgres/failures.ts'
import { monotonicMs } from './clock.ts'
import { drawValues } from './workload.ts'
import type { Workload } from './workload.ts'

/** Receives each answered query; `sqlstate` is undefined where it succeeded. */
export type Record = (dueMs: number, latencyMs: number, sqlstate: string | undefined) => void

export interface Tools {
  /** 0 to 1, as Math.random. */
  readonly random: () => number
  readonly record: Record
}

/** A workload at work. */
export interface Running {
  /** From now on no query is due. Resolves when every query that was due has been answered. */
  stop(): Promise<void>
}

type Send = (session: Session, dueMs: number) => Promise<'answered' | 'lost'>

/** Sends a workload's queries over the sessions, one at a time on each. A query that is due while all are busy waits, and the wait counts. */
export function runWorkload(workload: Workload, sessions: readonly Session[], tools: Tools): Running {
  const send: Send = async (session, dueMs) => {
    const sqlstate = await attempt(session, workload, tools.random)
    tools.record(dueMs, monotonicMs() - dueMs, sqlstate)
    return sqlstate === 'connection-lost' ? 'lost' : 'answered'
  }
  return workload.perSecond === 0 ? closedLoop(sessions, send) : openLoop(sessions, send, dueTimes(1000 / workload.perSecond, tools.random))
}

async function attempt(session: Session, workload: Workload, random: () => number): Promise<string | undefined> {
  try {
    await session.query(workload.sql, drawValues(workload.values, random))
    return undefined
  } catch (error) {
    return codeOf(error) ?? 'unknown'
  }
}

function closedLoop(sessions: readonly Session[], send: Send): Running {
  const stopped = new AbortController()
  const loop = async (session: Session): Promise<void> => {
    while (!stopped.signal.aborted && (await send(session, monotonicMs())) === 'answered');
  }
  const loops = Promise.all(sessions.map((session) => loop(session)))
  return {
    stop: async () => {
      stopped.abort()
      await loops
    },
  }
}

function openLoop(sessions: readonly Session[], send: Send, due: Iterator<number, never>): Running {
  const queue = queueOfDue()
  let next = due.next().value
  let timer: NodeJS.Timeout
  const tick = (): void => {
    for (const now = monotonicMs(); next <= now; next = due.next().value) queue.push(next)
    timer = setTimeout(tick, next - monotonicMs())
  }
  const lane = async (session: Session): Promise<void> => {
    for (let at = await queue.take(); at !== undefined; at = await queue.take()) await send(session, at)
  }
  const lanes = Promise.all(sessions.map((session) => lane(session)))
  timer = setTimeout(tick, 0)
  return {
    stop: async () => {
      clearTimeout(timer)
      queue.close()
      await lanes
    },
  }
}

/** One moment in each slot of `everyMs`, at random within it, so that kinds of queries do not beat in time with each other. */
function* dueTimes(everyMs: number, random: () => number): Generator<number, never> {
  for (let slot = monotonicMs(); ; slot += everyMs) yield slot + random() * everyMs
}

interface DueQueue {
  push(dueMs: number): void
  /** The query that has been due longest; undefined once the queue is closed and empty. */
  take(): Promise<number | undefined>
  close(): void
}

function queueOfDue(): DueQueue {
  const waiting: number[] = []
  const idle: ((dueMs: number | undefined) => void)[] = []
  let closed = false
  return {
    push: (dueMs) => {
      const lane = idle.shift()
      if (lane === undefined) waiting.push(dueMs)
      else lane(dueMs)
    },
    take: () => {
      const dueMs = waiting.shift()
      if (dueMs !== undefined || closed) return Promise.resolve(dueMs)
      return new Promise((resolve) => idle.push(resolve))
    },
    close: () => {
      closed = true
      for (const lane of idle.splice(0)) lane(undefined)
    },
  }
}
