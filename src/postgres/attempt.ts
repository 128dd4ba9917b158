import type { Attempt, ScriptResult } from '../model/session.ts'
import { codeOf } from './failures.ts'

/**
 * One attempt as one message of the simple protocol: an implicit transaction, so that an error ends it at once and gives
 * the locks back without another round trip (0.5 ms under lock instead of 1 ms; pgfacts.md A.7).
 * `explicit`: LOCK TABLE first, so that all locks are had before anything is done. Otherwise the statements take them, and
 * NOWAIT becomes the shortest lock_timeout there is.
 */
export function attemptMessage(attempt: Attempt, explicit: boolean): readonly string[] {
  const { locks, how, statementTimeoutMs, statements } = attempt
  return [
    `set local lock_timeout = '${lockTimeoutMs(attempt)}ms'`,
    // A standby that does not answer must not hold our lock (H17); the journal's next commit waits for it.
    'set local synchronous_commit = local',
    ...(explicit ? locks.map((lock) => `lock table only ${lock.relation} in ${lock.mode} mode${how === 'nowait' ? ' nowait' : ''}`) : []),
    `set local statement_timeout = ${Math.ceil(statementTimeoutMs)}`,
    `select set_config('lockkeeper.locked', extract(epoch from clock_timestamp())::text, true)`,
    ...statements,
    `select (current_setting('lockkeeper.locked')::float8 - extract(epoch from now())::float8) * 1000 as lockkeeper_waited_ms`,
  ]
}

/** lock_timeout counts for each wait, so the budget is shared out: the sum is what others may wait. */
function lockTimeoutMs({ how, waitMs, locks }: Attempt): number {
  return how === 'nowait' ? 1 : Math.max(1, Math.floor(waitMs / Math.max(1, locks.length)))
}

/** The whole round trip less what it waited for the locks. */
export function heldMsOf(results: readonly ScriptResult[], roundTripMs: number): number {
  const waited = results.map((result) => result.rows[0]?.['lockkeeper_waited_ms']).find((value) => value !== undefined)
  return Math.max(0, roundTripMs - Number(waited ?? 0))
}

/** 42501: no right to LOCK (a referenced parent may be another's). 42809: not a table. 42P01: made by this very message. */
export function needsNoExplicitLock(error: unknown): boolean {
  const code = codeOf(error)
  return code === '42501' || code === '42809' || code === '42P01'
}
