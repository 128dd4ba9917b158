import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { monotonicMs } from '../src/demo/clock.ts'
import { figuresOf } from '../src/demo/samples.ts'
import type { Figures, Window } from '../src/demo/samples.ts'
import { startTraffic } from '../src/demo/traffic.ts'
import { startPostgres } from '../src/embedded/start.ts'
import { connect } from '../src/postgres/session.ts'
import { lockCases, startReader, tableSql } from './_lock-cases.ts'
import type { LockCase } from './_lock-cases.ts'
import { lockDocument, lockText } from './_lock-report.ts'
import type { Run } from './_lock-report.ts'
import { strategies } from './_lock-strategies.ts'
import type { StrategyId } from './_lock-strategies.ts'

/** The default lock budget of the tool (H13). */
const budgetMs = 100
const limitMs = 60_000
const warmUpMs = 2000
/** After the commit, to see a stall that it leaves behind. */
const tailMs = 1500

const { values: flags } = parseArgs({
  options: { json: { type: 'boolean' }, rounds: { type: 'string' }, case: { type: 'string', multiple: true }, quick: { type: 'boolean' } },
})

/** One ALTER TABLE through a busy table: what the others saw of each strategy, against an idle stretch of the same round. */
async function main(): Promise<void> {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  await using server = await startPostgres({
    durable: true,
    settings: { shared_buffers: '512MB', max_wal_size: '16GB', checkpoint_timeout: '1h' },
    signal: stop.signal,
  })
  stop.signal.addEventListener('abort', () => void server.stop().catch(() => undefined), { once: true })
  const runs: Run[] = []
  const rounds = Number(flags.rounds ?? 3)
  for (let round = 0; round < rounds; round += 1) {
    for (const lockCase of lockCases(flags.quick === true)) {
      if (flags.case !== undefined && !flags.case.includes(lockCase.id)) continue
      runs.push(...(await runCase(lockCase, round, { url: server.url, signal: stop.signal })))
    }
  }
  const document = lockDocument(runs, { budgetMs, rounds })
  process.stdout.write(flags.json === true ? `${JSON.stringify(document)}\n` : lockText(document))
}

interface Place {
  readonly url: string
  readonly signal: AbortSignal
}

/** The idle stretch and every strategy, each on a fresh table and with traffic of its own; the strategies in turn go first. */
async function runCase(lockCase: LockCase, round: number, place: Place): Promise<readonly Run[]> {
  const idle = await stretch(lockCase, undefined, place)
  const turned = [
    ...lockCase.strategies.slice(round % lockCase.strategies.length),
    ...lockCase.strategies.slice(0, round % lockCase.strategies.length),
  ]
  const runs: Run[] = []
  for (const strategy of turned) {
    say(`round ${round + 1}, ${lockCase.id}: ${strategy}`)
    const { outcome, figures } = await stretch(lockCase, strategy, place)
    runs.push({ case: lockCase.id, strategy, round, ...outcome, ...figures, idle: idle.figures })
  }
  return runs
}

async function freshTable(url: string): Promise<void> {
  await using session = await connect({ url, applicationName: 'bench' })
  await session.script(['DROP TABLE IF EXISTS acct', tableSql])
  await session.query('VACUUM (FREEZE, ANALYZE) acct')
  await session.query('CHECKPOINT')
}

interface Outcome {
  readonly attempts: number
  readonly succeeded: boolean
  readonly successMs: number
  /** From the end of the reader to the commit; absent where there is none. */
  readonly afterReaderMs?: number
}

interface Stretch {
  readonly outcome: Outcome
  readonly figures: Figures
}

/**
 * One stretch of the case, with or without an ALTER TABLE. Its traffic ends with it, when the last of its queries is answered: what a strategy
 * leaves queued up would else be measured with the next one.
 */
async function stretch(lockCase: LockCase, strategy: StrategyId | undefined, place: Place): Promise<Stretch> {
  await freshTable(place.url)
  await using traffic = await startTraffic({ url: place.url, workloads: lockCase.traffic, signal: place.signal })
  await delay(warmUpMs, undefined, { signal: place.signal })
  const { window, outcome } = await act(lockCase, strategy, place)
  const samples = (await traffic.stop()).filter((sample) => lockCase.measured.includes(sample.kind))
  return { outcome, figures: figuresOf(samples, window) }
}

async function act(
  lockCase: LockCase,
  strategy: StrategyId | undefined,
  { url, signal }: Place,
): Promise<{ readonly window: Window; readonly outcome: Outcome }> {
  const reader = lockCase.readerSeconds === undefined ? undefined : await startReader(url, lockCase.readerSeconds)
  const fromMs = monotonicMs()
  const alter = {
    url,
    sql: 'ALTER TABLE acct ADD COLUMN added int',
    budgetMs,
    limitMs: limitMs + 1000 * (lockCase.readerSeconds ?? 0),
    signal,
  }
  const attempts = strategy === undefined ? 0 : await strategies[strategy](alter)
  const doneMs = monotonicMs()
  const readerEnded = await reader?.ended
  const leastMs = strategy === undefined ? lockCase.windowSeconds * 1000 : Math.max(lockCase.windowSeconds * 1000, doneMs - fromMs + tailMs)
  await delay(Math.max(0, fromMs + leastMs - monotonicMs()), undefined, { signal })
  const outcome = { attempts: attempts ?? 0, succeeded: attempts !== undefined, successMs: doneMs - fromMs }
  return {
    window: { fromMs, toMs: monotonicMs() },
    outcome: readerEnded === undefined ? outcome : { ...outcome, afterReaderMs: doneMs - readerEnded },
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`)
}

await main()
