import type { CodeOpened, RowVersion } from '../model/backfill.ts'
import { present } from '../std/present.ts'
import { passes } from './after-batch.ts'
import { codeFailed } from './code-failed.ts'
import { CodeTurn, type Call } from './code-turn.ts'

export type Called =
  /** Its transaction is open, where there is one. `failure`: of a query that it went on after. */
  | { readonly kind: 'ran'; readonly transaction?: string; readonly runMs: number; readonly workMs: number; readonly failure?: unknown }
  | { readonly kind: 'moved'; readonly rows: readonly RowVersion[] }
  | { readonly kind: 'stuck'; readonly error: unknown }
  | { readonly kind: 'lost' }

/**
 * Calls the user's code once. Keeps the lease meanwhile. Nothing is open afterwards unless it ran to its end. Throws `backfill-code-failed`
 * where it failed or took too long, and what the session says where that is lost.
 */
export async function callCode(call: Call): Promise<Called> {
  const turn = new CodeTurn(call)
  const began = performance.now()
  const thrown = await turn.run()
  const called = await calledOf(call, turn, thrown).catch(async (error: unknown) => {
    await letGo(call)
    throw error
  })
  if (called.kind !== 'ran') {
    await letGo(call)
    return called
  }
  return { ...called, runMs: performance.now() - began, workMs: turn.workMs }
}

async function letGo({ walker: { job } }: Call): Promise<void> {
  await job.store.letGo().catch(() => undefined)
}

async function calledOf(call: Call, turn: CodeTurn, thrown: Thrown | undefined): Promise<Called> {
  const { job } = call.walker
  job.signal.throwIfAborted()
  const settled = settledBy(turn.opened, turn.isLeaseLost)
  if (settled !== undefined) return settled
  if (thrown !== undefined) return await stuckBy(call, turn, thrown)
  if (job.session.classify(turn.failure) === 'connection-lost') throw turn.failure
  const { opened, failure } = turn
  const transaction = opened?.kind === 'open' ? opened.transaction : undefined
  return { kind: 'ran', runMs: 0, workMs: 0, ...present({ transaction }), ...(failure === undefined ? {} : { failure }) }
}

/** Throws what it failed of, unless that passes: the code may have wrapped what the server said. */
async function stuckBy({ walker: { job }, work, rows }: Call, turn: CodeTurn, thrown: Thrown): Promise<Called> {
  const cause = turn.failure ?? thrown.error
  const failure = job.session.classify(cause)
  if (failure === 'connection-lost') throw cause
  if (passes(failure) && !turn.isOver) return { kind: 'stuck', error: cause }
  throw await codeFailed({ ...job, work, rows: rows.map(({ version }) => version) }, thrown.error)
}

type Thrown = { readonly error: unknown }

function settledBy(opened: CodeOpened | undefined, isLeaseLost: boolean): Called | undefined {
  if (opened?.kind === 'moved') return opened
  return opened?.kind === 'lost' || isLeaseLost ? { kind: 'lost' } : undefined
}
