import type { Figures } from '../src/demo/samples.ts'
import { duration } from '../src/report/style.ts'
import { table } from '../src/report/table.ts'
import { thisMachine } from './_machine.ts'
import type { Machine } from './_machine.ts'
import { spread } from './_spread.ts'
import type { Spread } from './_spread.ts'
import type { StrategyId } from './_lock-strategies.ts'

/** One strategy in one case and round, with the idle stretch of the same round. */
export interface Run extends Figures {
  readonly case: string
  readonly strategy: StrategyId
  readonly round: number
  readonly attempts: number
  readonly succeeded: boolean
  readonly successMs: number
  readonly afterReaderMs?: number
  readonly idle: Figures
}

/** One strategy in one case over all rounds. */
export interface CaseFigures {
  readonly case: string
  readonly strategy: StrategyId
  readonly rounds: number
  readonly succeeded: number
  readonly attempts: Spread
  readonly successMs: Spread
  readonly afterReaderMs?: Spread
  readonly queries: Spread
  readonly failed: Spread
  readonly delayedOver100Ms: Spread
  readonly p50Ms: Spread
  readonly p99Ms: Spread
  readonly longestMs: Spread
  readonly idle: { readonly p50Ms: Spread; readonly p99Ms: Spread; readonly longestMs: Spread }
  /** Ratios within a round. */
  readonly p99VsIdle: Spread
  readonly longestVsIdle: Spread
  /** Rounds in which nobody waited longer than the budget plus the larger of 20 ms and the idle stretch's longest. */
  readonly withinBudget: number
}

export interface LockDocument {
  readonly format: 1
  readonly bench: 'lock'
  readonly machine: Machine
  readonly budgetMs: number
  readonly rounds: number
  readonly cases: readonly CaseFigures[]
  /** Lockkeeper with the 20 s reader; absent where that case was not run. Medians of paired rounds. */
  readonly ratios: { readonly longestVsLockTimeout3s?: number; readonly p99VsIdle?: number }
}

/** Puts the rounds together. */
export function lockDocument(
  runs: readonly Run[],
  { budgetMs, rounds }: { readonly budgetMs: number; readonly rounds: number },
): LockDocument {
  const keys = [...new Set(runs.map((run) => `${run.case}/${run.strategy}`))]
  const groups = keys.map((key) => runs.filter((run) => `${run.case}/${run.strategy}` === key))
  const cases = groups.map((group) => figures(group, budgetMs))
  return { format: 1, bench: 'lock', machine: thisMachine(), budgetMs, rounds, cases, ratios: ratios(runs) }
}

function figures(group: readonly Run[], budgetMs: number): CaseFigures {
  const over = (value: (run: Run) => number): Spread => spread(group.map(value))
  const [first] = group
  if (first === undefined) throw new Error('no rounds')
  return {
    case: first.case,
    strategy: first.strategy,
    rounds: group.length,
    succeeded: group.filter((run) => run.succeeded).length,
    attempts: over((run) => run.attempts),
    successMs: over((run) => run.successMs),
    ...(first.afterReaderMs === undefined ? {} : { afterReaderMs: over((run) => run.afterReaderMs ?? 0) }),
    queries: over((run) => run.queries),
    failed: over((run) => run.failed),
    delayedOver100Ms: over((run) => run.delayedOver100Ms),
    p50Ms: over((run) => run.p50Ms),
    p99Ms: over((run) => run.p99Ms),
    longestMs: over((run) => run.longestMs),
    idle: { p50Ms: over((run) => run.idle.p50Ms), p99Ms: over((run) => run.idle.p99Ms), longestMs: over((run) => run.idle.longestMs) },
    p99VsIdle: over((run) => run.p99Ms / run.idle.p99Ms),
    longestVsIdle: over((run) => run.longestMs / run.idle.longestMs),
    withinBudget: group.filter((run) => run.longestMs <= budgetMs + Math.max(20, run.idle.longestMs)).length,
  }
}

function ratios(runs: readonly Run[]): LockDocument['ratios'] {
  const ours = runs.filter((run) => run.case === 'reader-20s' && run.strategy === 'lockkeeper')
  const theirs = new Map(
    runs.filter((run) => run.case === 'reader-20s' && run.strategy === 'lock-timeout-3s').map((run) => [run.round, run]),
  )
  if (ours.length === 0 || theirs.size === 0) return {}
  return {
    longestVsLockTimeout3s: precise(ours.map((run) => run.longestMs / (theirs.get(run.round)?.longestMs ?? Number.NaN))),
    p99VsIdle: precise(ours.map((run) => run.p99Ms / run.idle.p99Ms)),
  }
}

/** A median with four digits: the ratio of stalls is far below 0.01. */
function precise(values: readonly number[]): number {
  return spread(values.map((value) => value * 100)).median / 100
}

/** For people. */
export function lockText(document: LockDocument): string {
  const headings = [
    'case',
    'strategy',
    'ok',
    'success after',
    'tries',
    'p99',
    'longest',
    '> 100 ms',
    'idle p99',
    'idle longest',
    'within budget',
  ]
  const rows = document.cases.map((one) => [
    one.case,
    one.strategy,
    `${one.succeeded}/${one.rounds}`,
    duration(one.successMs.median),
    String(one.attempts.median),
    duration(one.p99Ms.median),
    `${duration(one.longestMs.median)} (${duration(one.longestMs.min)} to ${duration(one.longestMs.max)})`,
    String(one.delayedOver100Ms.median),
    duration(one.idle.p99Ms.median),
    duration(one.idle.longestMs.median),
    `${one.withinBudget}/${one.rounds}`,
  ])
  return `${table({ color: false, width: 200 }, { headings, rows })}\n\n${JSON.stringify(document.ratios)}\n`
}
