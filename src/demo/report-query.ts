import { connect } from '../postgres/session.ts'
import { monotonicMs } from './clock.ts'

export interface ReportOptions {
  readonly url: string
  readonly orders: number
  readonly seconds: number
  readonly signal: AbortSignal
}

/** The report at work: it holds ACCESS SHARE on orders and a snapshot until it ends. */
export interface RunningReport {
  /** The monotonic clock when it ended. */
  readonly ended: Promise<number>
}

/** Starts the reporting query; resolves once its lock is held. */
export async function startReport({ url, orders, seconds, signal }: ReportOptions): Promise<RunningReport> {
  const session = await connect({ url, applicationName: 'monthly report', signal })
  await session.script(['BEGIN', 'SELECT 1 FROM orders LIMIT 1'])
  const finish = async (): Promise<number> => {
    await using _ = session
    await session.query(reportSql(orders, seconds))
    await session.query('COMMIT')
    return monotonicMs()
  }
  const ended = finish()
  ended.catch(() => undefined) // whoever awaits it hears of it; a server that is stopped meanwhile must not end the process
  return { ended }
}

/** Reads all orders and rests a second at every 1/seconds of them, so that it is slow without using up a core. */
function reportSql(orders: number, seconds: number): string {
  const every = Math.max(1, Math.floor(orders / seconds))
  return `SELECT status, count(*), sum(total) FROM orders
    WHERE CASE WHEN id % ${every} = 0 AND id <= ${every * seconds} THEN pg_sleep(1) IS NOT NULL ELSE true END
    GROUP BY status`
}
