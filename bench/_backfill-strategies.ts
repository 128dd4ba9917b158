import { randomUUID } from 'node:crypto'
import { backfill } from '../src/backfill/backfill.ts'
import type { BatchProgress } from '../src/model/event.ts'
import { backfillStore } from '../src/postgres/backfill/store.ts'
import { journal } from '../src/postgres/journal.ts'
import { defaultWorkers } from '../src/backfill/workers.ts'
import { connect } from '../src/postgres/session.ts'
import type { Session } from '../src/model/session.ts'
import { change } from './_backfill-table.ts'

export interface Filling {
  readonly url: string
  readonly rows: number
  readonly signal: AbortSignal
  /** A loop that has not ended by then is cut, and counted by what it did. */
  readonly limitMs: number
}

/** Gives how many rows it changed. */
type Strategy = (filling: Filling) => Promise<number>

export const strategies = {
  'single-update': (filling) => within(filling, async (session) => countOf(session, `UPDATE acct SET ${change.set} WHERE ${change.where}`)),
  'lockkeeper': (filling) => lockkeeper(filling, defaultWorkers),
  'lockkeeper-1-worker': (filling) => lockkeeper(filling, 1),
  'keyset-1000': (filling) => within(filling, (session) => keyset(session, filling, 1_000)),
  'keyset-10000': (filling) => within(filling, (session) => keyset(session, filling, 10_000)),
  'skip-locked': (filling) => within(filling, (session) => skipLocked(session, filling)),
} as const satisfies { readonly [id: string]: Strategy }

export type StrategyId = keyof typeof strategies
export const strategyIds = Object.keys(strategies) as readonly StrategyId[]

async function within({ url, signal }: Filling, run: (session: Session) => Promise<number>): Promise<number> {
  await using session = await connect({ url, applicationName: 'bench', signal })
  return await run(session)
}

async function countOf(session: Session, sql: string): Promise<number> {
  const [result] = await session.script([sql])
  return result?.count ?? 0
}

async function keyset(session: Session, { rows, signal }: Filling, size: number): Promise<number> {
  let done = 0
  for (let from = 1; from <= rows && !signal.aborted; from += size)
    done += await countOf(session, `UPDATE acct SET ${change.set} WHERE id >= ${from} AND id < ${from + size} AND ${change.where}`)
  return done
}

/** As blogs advise it. */
async function skipLocked(session: Session, { signal, limitMs }: Filling): Promise<number> {
  const until = performance.now() + limitMs
  for (let done = 0; ;) {
    const changed = await countOf(
      session,
      `UPDATE acct SET ${change.set} WHERE id IN (SELECT id FROM acct WHERE ${change.where} LIMIT 10000 FOR UPDATE SKIP LOCKED)`,
    )
    done += changed
    if (changed === 0 || signal.aborted || performance.now() > until) return done
  }
}

/** What the last run of ours said at its end; for --verbose. */
export let lastProgress: BatchProgress | undefined

/** `workers`: each with sessions of its own, in this process. */
async function lockkeeper({ url, signal }: Filling, workers: number): Promise<number> {
  const rows = await Promise.all(Array.from({ length: workers }, () => work(url, signal)))
  return rows[0] ?? 0
}

async function work(url: string, signal: AbortSignal): Promise<number> {
  await using control = await connect({ url, applicationName: 'lockkeeper control', signal })
  await using session = await connect({ url, applicationName: 'lockkeeper', control, signal })
  await journal(session).install()
  const { rows } = await backfill({
    key: { project: 'bench', migration: '', step: 'fill' },
    definition: {
      work: { kind: 'update', relation: 'public.acct', ...change, falsifies: true },
      walk: { by: 'pages' },
      batchTargetMs: 15,
      triggers: 'fire',
    },
    owner: `bench#${randomUUID()}`,
    session,
    store: backfillStore(session),
    control: backfillStore(control),
    lockBudgetMs: 100,
    maxLockWaitMs: 60_000,
    maxHoldMs: 60_000,
    leaseMs: 30_000,
    hold: () => Promise.resolve(undefined),
    signal,
    listener: { onBatch: (progress) => (lastProgress = progress), onHeld: () => undefined, onNotice: () => undefined },
  })
  return rows
}
