import { monotonicMs } from '../src/demo/clock.ts'
import type { Workload } from '../src/demo/workload.ts'
import { connect } from '../src/postgres/session.ts'
import type { StrategyId } from './_lock-strategies.ts'

/** What is in the way of the ALTER TABLE. */
export interface LockCase {
  readonly id: string
  /** The ones that are compared; `naive` only where it is bearable. */
  readonly strategies: readonly StrategyId[]
  /** One transaction that reads the table and lasts so long; it begins with the window. */
  readonly readerSeconds?: number
  readonly traffic: readonly Workload[]
  /** Kinds of traffic whose latency counts: those that hold the table on purpose are slow by themselves. */
  readonly measured: readonly string[]
  /** The least length of a window, since most succeed at once. */
  readonly windowSeconds: number
}

export const rowsInTable = 200_000

/** One row a customer's balance; small, so that the traffic itself costs little. */
export const tableSql = `
  CREATE TABLE acct (id int PRIMARY KEY, owner text NOT NULL, balance int NOT NULL);
  INSERT INTO acct SELECT i, 'owner ' || i, i FROM generate_series(1, ${rowsInTable}) AS i`

const anyRow = { from: 1, to: rowsInTable }
const read: Workload = {
  kind: 'read',
  sql: 'SELECT owner, balance FROM acct WHERE id = $1',
  values: [anyRow],
  connections: 30,
  perSecond: 140,
}
const write: Workload = {
  kind: 'write',
  sql: 'UPDATE acct SET balance = balance + 1 WHERE id = $1',
  values: [anyRow],
  connections: 20,
  perSecond: 60,
}
const openLoop = [read, write] as const

/** 8 sessions whose transactions read for 300 ms, one after the other: there is never a moment without one. */
const holder: Workload = {
  kind: 'holder',
  sql: 'SELECT pg_sleep($1 / 1000.0) FROM (SELECT 1 FROM acct LIMIT 1) AS one',
  values: [{ from: 300, to: 300 }],
  connections: 8,
  perSecond: 0,
}
/** 16 clients, each with its next query as soon as the last is answered. */
const unthrottled: Workload = { ...read, kind: 'unthrottled', connections: 16, perSecond: 0 }

/** Durations for a quick look are a fifth. */
export function lockCases(quick: boolean): readonly LockCase[] {
  const seconds = (full: number): number => (quick ? Math.ceil(full / 5) : full)
  const measured = ['read', 'write', 'unthrottled']
  return [
    {
      id: 'reader-20s',
      strategies: ['naive', 'lock-timeout-3s', 'lockkeeper'],
      readerSeconds: seconds(20),
      traffic: openLoop,
      measured,
      windowSeconds: 0,
    },
    { id: 'reader-60s', strategies: ['naive', 'lockkeeper'], readerSeconds: seconds(60), traffic: openLoop, measured, windowSeconds: 0 },
    {
      id: 'transactions-300ms-x8',
      strategies: ['lock-timeout-3s', 'lockkeeper'],
      traffic: [...openLoop, holder],
      measured,
      windowSeconds: seconds(10),
    },
    { id: 'unthrottled-x16', strategies: ['lock-timeout-3s', 'lockkeeper'], traffic: [unthrottled], measured, windowSeconds: seconds(10) },
  ]
}

/** Starts the reader; resolves once it holds its lock, with the promise of the moment when it ends. */
export async function startReader(url: string, seconds: number): Promise<{ readonly ended: Promise<number> }> {
  const session = await connect({ url, applicationName: 'reader' })
  await session.script(['BEGIN', 'SELECT 1 FROM acct LIMIT 1'])
  const readAndEnd = async (): Promise<number> => {
    await using _ = session
    await session.query(`SELECT pg_sleep(${seconds}) FROM (SELECT 1 FROM acct LIMIT 1) AS one`)
    await session.query('COMMIT')
    return monotonicMs()
  }
  const ended = readAndEnd()
  ended.catch(() => undefined) // heard by whoever awaits it
  return { ended }
}
