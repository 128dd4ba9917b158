import { backfill } from '../backfill/backfill.ts'
import type { BackfillJob } from '../backfill/job.ts'
import { workerSessionNames } from '../model/session.ts'
import type { StepContext } from './step-context.ts'

export interface MoreWorkers {
  readonly context: StepContext
  /** How many beside the one over the work session. */
  readonly count: number
  /** What the throttles say to a worker over these sessions. */
  readonly holdFor: (ours: () => readonly number[]) => BackfillJob['hold']
}

/**
 * Does `run`, and beside it takes part in the same backfill with more workers, each over two sessions of its own. They only help: where one
 * cannot connect or loses its connection, the others do its part, and when `run` ends they end too.
 */
export async function withMoreWorkers<T>(job: BackfillJob, more: MoreWorkers, run: () => Promise<T>): Promise<T> {
  const stop = new AbortController()
  const signal = AbortSignal.any([job.signal, stop.signal])
  const helpers = Array.from({ length: more.count }, async (_, at) => {
    await help({ ...job, owner: `${job.owner}.${at + 1}`, signal }, more).catch((error: unknown) => {
      if (!signal.aborted) job.listener.onNotice(`one worker fewer: ${error instanceof Error ? error.message : String(error)}`)
    })
  })
  try {
    return await run()
  } finally {
    stop.abort()
    await Promise.all(helpers)
  }
}

async function help(job: BackfillJob, { context, holdFor }: MoreWorkers): Promise<void> {
  const { options, connections } = context
  const { engine, connect } = options
  await using control = await engine.connect({ ...connect, applicationName: workerSessionNames.control, signal: job.signal })
  await using session = await engine.connect({ ...connect, applicationName: workerSessionNames.work, control, signal: job.signal })
  await backfill({
    ...job,
    session,
    store: engine.backfills(session),
    control: engine.backfills(control),
    hold: holdFor(() => [...connections.ours, session.pid, control.pid]),
    // What is found beforehand is said once, by the first. Held back may be this one alone: where all that is left is its chunk.
    listener: { ...job.listener, onNotice: () => undefined },
  })
}
