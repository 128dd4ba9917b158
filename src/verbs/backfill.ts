import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isDeepStrictEqual } from 'node:util'
import { backfill } from '../backfill/backfill.ts'
import type { CodeBatch } from '../backfill/code-batch.ts'
import type { BackfillJob, BackfillListener } from '../backfill/job.ts'
import type { BackfillDefinition, BackfillState } from '../model/backfill.ts'
import type { Engine } from '../model/engine.ts'
import { LockkeeperError } from '../model/errors.ts'
import type { StepKey } from '../model/journal.ts'
import { workerSessionNames, type Session } from '../model/session.ts'
import type { HoldFor } from '../run/options.ts'
import { leaseMs, maxHoldMs } from '../run/run-backfill.ts'
import { present } from '../std/present.ts'
import { jitter, sleep } from '../std/sleep.ts'
import { displayName } from './backfills.ts'
import type { Connection } from './target.ts'

/** One process that takes part in a backfill. Times in milliseconds. */
export interface RunBackfillOptions {
  readonly engine: Engine
  readonly connection: Connection
  /** Keeps the backfills of several projects apart. */
  readonly project: string
  /** Its own name, or MIGRATION/STEP of one that a migration began. */
  readonly name: string
  /** What to do; absent where it was begun already, by this machine or another. */
  readonly definition?: BackfillDefinition
  /** Where the definition's work is code: what it is. */
  readonly code?: CodeBatch
  /** Loads the code of one that was begun already; without it, such a backfill is refused. */
  readonly loadCode?: (definition: BackfillDefinition) => Promise<CodeBatch | undefined>
  /** Forgets how far one of that name came. */
  readonly restart?: boolean
  readonly workers: number
  readonly holdFor?: HoldFor
  readonly lockBudgetMs: number
  readonly maxLockWaitMs: number
  readonly maxHoldMs?: number
  readonly leaseMs?: number
  /** How long a server that went away may take to come back. */
  readonly reconnectMs: number
  readonly signal: AbortSignal
  readonly listener: BackfillListener
}

/**
 * Begins a backfill, or takes part in one, until it is done, by whichever workers. Safe to run on any number of machines at once, and again
 * after any crash. Throws what `backfill` of src/backfill throws, `backfill-unknown`, and `backfill-changed` where one of that name does
 * something else.
 */
export async function runBackfill(options: RunBackfillOptions): Promise<BackfillState> {
  const begun = await begin(options)
  if (begun.done) return begun
  const code = options.code ?? (begun.definition === undefined ? undefined : await options.loadCode?.(begun.definition))
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const workers = Array.from({ length: options.workers }, () => work({ ...options, ...present({ code }), signal }, begun))
  // One that fails for good ends the others of this process; those of other machines learn of it by the database.
  const results = await Promise.allSettled(workers.map((worker) => worker.catch((error: unknown) => Promise.reject(ending(stop, error)))))
  const failed = results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []))
  options.signal.throwIfAborted()
  if (failed.length > 0) throw first(failed)
  return await withStore(options, (store) => store.read(begun.key)).then((state) => state ?? begun)
}

function ending(stop: AbortController, error: unknown): unknown {
  if (!stop.signal.aborted) stop.abort(error)
  return error
}

function first(errors: readonly unknown[]): unknown {
  return errors.find((error) => error instanceof LockkeeperError && error.code !== 'interrupted') ?? errors[0]
}

async function withStore<T>(
  options: RunBackfillOptions,
  use: (store: ReturnType<Engine['backfills']>, session: Session) => Promise<T>,
): Promise<T> {
  const { engine, connection, signal } = options
  await using session = await engine.connect({ ...connection, applicationName: 'lockkeeper', signal })
  return await use(engine.backfills(session), session)
}

async function begin(options: RunBackfillOptions): Promise<BackfillState> {
  return await withStore(options, async (store, session) => {
    await session.refuseReadOnly()
    await options.engine.journal(session).install()
    const there = await find(options, session)
    if (there !== undefined && options.restart !== true) return await goOn(options, store, there)
    if (options.definition === undefined) throw unknown(options.name)
    const key = there?.key ?? ({ project: options.project, migration: '', step: options.name } satisfies StepKey)
    if (there !== undefined) await store.forget(key)
    return await store.begin(key, options.definition)
  })
}

async function find({ engine, project, name }: RunBackfillOptions, session: Session): Promise<BackfillState | undefined> {
  return (await engine.backfills(session).list(project)).find((state) => displayName(state.key) === name)
}

async function goOn(
  { definition }: RunBackfillOptions,
  store: ReturnType<Engine['backfills']>,
  state: BackfillState,
): Promise<BackfillState> {
  if (definition !== undefined && isMended(definition, state) && (await store.redefine(state.key, definition))) {
    await store.revive(state.key)
    return { ...state, definition }
  }
  const same = definition === undefined || isDeepStrictEqual(definition.work, state.definition?.work)
  if (!same && !state.done)
    throw new LockkeeperError('backfill-changed', `a backfill ${displayName(state.key)} is under way that does something else`, {
      details: { name: displayName(state.key) },
    })
  if (!same) throw new LockkeeperError('backfill-changed', `a backfill ${displayName(state.key)} was done, and it did something else`)
  if (!state.done) await store.revive(state.key)
  return state
}

/** The same by other code. One that failed stands still everywhere, so that nobody goes on with what was mended. */
function isMended({ work }: BackfillDefinition, { definition, failure }: BackfillState): boolean {
  const stored = definition?.work
  if (failure === undefined || work.kind !== 'code' || stored?.kind !== 'code' || work.hash === stored.hash) return false
  return isDeepStrictEqual({ ...stored, hash: work.hash }, work)
}

function unknown(name: string): LockkeeperError {
  return new LockkeeperError('backfill-unknown', `There is no backfill ${name} in this database.`, {
    hint: `Say what it does: lockkeeper backfill run ${name} --sql "UPDATE ...". lockkeeper backfill list shows those that there are.`,
  })
}

/** One worker, over two sessions of its own, opened again when they are lost. */
async function work(options: RunBackfillOptions, state: BackfillState): Promise<void> {
  const owner = `${hostname()}:${process.pid}#${randomUUID()}`
  let lostAt: number | undefined
  for (;;) {
    const progress = () => (lostAt = undefined)
    try {
      return await workOnce(options, state, { owner, progress })
    } catch (error) {
      lostAt ??= performance.now()
      if (!mayReturn(error) || options.signal.aborted || performance.now() - lostAt > options.reconnectMs) throw error
      options.listener.onNotice(`the connection was lost; trying again for ${Math.round(options.reconnectMs / 1_000)} s`)
    }
    await sleep(jitter(500), options.signal)
  }
}

const passing = new Set(['unreachable', 'connection-lost', 'too-many-connections'])

/** The server went away, and may be back in a while. */
export function mayReturn(error: unknown): boolean {
  // What the server says as it goes down has its own code; the session's classification is gone with it.
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  return passing.has(code) || code.startsWith('57P') || code.startsWith('08')
}

interface Identity {
  readonly owner: string
  progress(): void
}

async function workOnce(options: RunBackfillOptions, { key, definition }: BackfillState, identity: Identity): Promise<void> {
  const { engine, connection, signal } = options
  if (definition === undefined) throw unknown(displayName(key))
  await using control = await engine.connect({ ...connection, applicationName: workerSessionNames.control, signal })
  await using session = await engine.connect({ ...connection, applicationName: workerSessionNames.work, control, signal })
  await backfill({
    key,
    definition,
    owner: identity.owner,
    session,
    store: engine.backfills(session),
    control: engine.backfills(control),
    lockBudgetMs: options.lockBudgetMs,
    maxLockWaitMs: options.maxLockWaitMs,
    maxHoldMs: options.maxHoldMs ?? maxHoldMs,
    leaseMs: options.leaseMs ?? leaseMs,
    hold: options.holdFor?.(definition.work.relation, () => [session.pid, control.pid]) ?? (() => Promise.resolve(undefined)),
    ...present({ code: options.code }),
    signal,
    listener: {
      ...options.listener,
      onBatch(progress) {
        identity.progress()
        options.listener.onBatch(progress)
      },
    },
  } satisfies BackfillJob)
}
