import { setTimeout as delay } from 'node:timers/promises'
import { LockkeeperError } from '../src/model/errors.ts'
import type { TableLock } from '../src/model/facts.ts'
import { connect } from '../src/postgres/session.ts'
import { acquire } from '../src/run/acquire.ts'

export type StrategyId = 'naive' | 'lock-timeout-3s' | 'lockkeeper'

export interface AlterOptions {
  readonly url: string
  /** The one ALTER TABLE on acct. */
  readonly sql: string
  readonly budgetMs: number
  /** After so long it gives up. */
  readonly limitMs: number
  readonly signal: AbortSignal
}

/** Real enqueues until it was committed; undefined where it gave up. */
export type Alter = (options: AlterOptions) => Promise<number | undefined>

export const strategies: { readonly [id in StrategyId]: Alter } = {
  'naive': async ({ url, sql }) => {
    await using session = await connect({ url, applicationName: 'naive' })
    await session.script([sql])
    return 1
  },

  /** What blogs advise, with a pause of a second. */
  'lock-timeout-3s': async ({ url, sql, limitMs, signal }) => {
    await using session = await connect({ url, applicationName: 'lock_timeout' })
    await session.query(`SET lock_timeout = '3s'`)
    const deadline = Date.now() + limitMs
    for (let attempts = 1; Date.now() < deadline; attempts += 1) {
      try {
        await session.script([sql])
        return attempts
      } catch (error) {
        if (session.classify(error) !== 'lock-timeout') throw error
      }
      await delay(1000, undefined, { signal })
    }
    return undefined
  },

  'lockkeeper': async ({ url, sql, budgetMs, limitMs, signal }) => {
    await using control = await connect({ url, applicationName: 'lockkeeper control' })
    await using work = await connect({ url, applicationName: 'lockkeeper', control })
    try {
      const { attempts } = await acquire({
        locks,
        budgetMs,
        maxWaitMs: limitMs,
        signal,
        look: () => control.blockers(locks, [work.pid, control.pid]),
        attempt: (how, waitMs) => work.attempt({ locks, how, waitMs, statementTimeoutMs: 0, statements: [sql] }, { signal }),
        onWait: () => undefined,
        onAttempt: () => undefined,
      })
      return attempts
    } catch (error) {
      if (error instanceof LockkeeperError && error.code === 'lock-not-had') return undefined
      throw error
    }
  },
}

const locks: readonly TableLock[] = [{ relation: 'public.acct', mode: 'ACCESS EXCLUSIVE', blocksReads: true, blocksWrites: true }]
