import { randomUUID } from 'node:crypto'
import { backfill } from '../../src/backfill/backfill.ts'
import type { BackfillJob } from '../../src/backfill/job.ts'
import type { BatchProgress } from '../../src/model/event.ts'
import type { BackfillDefinition } from '../../src/model/backfill.ts'
import { backfillStore } from '../../src/postgres/backfill/store.ts'
import { journal } from '../../src/postgres/journal.ts'
import { connect } from '../../src/postgres/session.ts'

export type FillJob = Pick<BackfillDefinition, 'work' | 'walk'> & {
  readonly definition?: Partial<BackfillDefinition>
  readonly job?: Partial<BackfillJob>
  readonly onBatch?: (progress: BatchProgress) => void
}

export interface Filled {
  readonly rows: number
  readonly batches: number
  readonly notices: readonly string[]
  readonly last: BatchProgress | undefined
}

export const fillKey = { project: 'test', migration: 'm', step: 's' } as const

/** One worker of a backfill, with sessions of its own, until it is done. */
export async function fill(url: string, { work, walk, definition, job, onBatch }: FillJob): Promise<Filled> {
  await using control = await connect({ url, applicationName: 'lockkeeper control' })
  await using session = await connect({ url, applicationName: 'lockkeeper', control })
  await journal(session).install()
  const notices: string[] = []
  let [batches, last] = [0, undefined as BatchProgress | undefined]
  const { rows } = await backfill({
    key: fillKey,
    definition: { work, walk, batchTargetMs: 5, triggers: 'fire', ...definition },
    owner: `test:${process.pid}#${randomUUID()}`,
    session,
    store: backfillStore(session),
    control: backfillStore(control),
    lockBudgetMs: 50,
    maxLockWaitMs: 10_000,
    maxHoldMs: 60_000,
    leaseMs: 10_000,
    hold: () => Promise.resolve(undefined),
    signal: AbortSignal.timeout(60_000),
    listener: {
      onBatch(progress) {
        batches += 1
        last = progress
        onBatch?.(progress)
      },
      onHeld: () => undefined,
      onNotice: (text) => notices.push(text),
    },
    ...job,
  })
  return { rows, batches, notices, last }
}

/** Does it once, when the worker has leased a chunk and is about to send its n-th batch. */
export function beforeBatch(n: number, act: () => Promise<unknown>): Pick<BackfillJob, 'hold'> {
  let asked = 0
  return {
    hold: async () => {
      asked += 1
      if (asked === n) await act()
      return undefined
    },
  }
}
