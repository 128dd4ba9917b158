import type { Figures } from '../src/demo/samples.ts'
import { thisMachine } from './_machine.ts'
import { spread } from './_spread.ts'
import type { Spread } from './_spread.ts'
import type { StrategyId } from './_backfill-strategies.ts'

/** One way on one copy of the table. Latencies are those of the application's queries. */
export interface Run {
  readonly way: StrategyId
  readonly round: number
  readonly rows: number
  /** Rows changed. */
  readonly done: number
  /** Rows not changed at its end. */
  readonly left: number
  readonly ms: number
  /** Of the whole server, the application's own included. */
  readonly walBytes: number
  readonly indexBytes: number
  readonly heapBytes: number
  readonly cpuMs: number
  readonly latency: Figures
  readonly idle: Figures
}

interface Case {
  readonly case: string
  readonly rows: number
  readonly [figure: string]: string | number | Spread
}

interface Settings {
  readonly rounds: number
  readonly version: number
}

export interface BackfillDocument {
  readonly format: 1
  readonly bench: 'backfill'
  readonly machine: ReturnType<typeof thisMachine> & Settings
  readonly cases: readonly Case[]
  readonly ratios: { readonly [name: string]: Spread }
}

export function backfillDocument(runs: readonly Run[], settings: Settings): BackfillDocument {
  const groups = [...new Set(runs.map((run) => `${run.way} ${run.rows}`))].map((key) =>
    runs.filter((run) => `${run.way} ${run.rows}` === key),
  )
  return {
    format: 1,
    bench: 'backfill',
    machine: { ...thisMachine(), ...settings },
    cases: groups.map(caseOf),
    ratios: { ...againstSingle(runs), ...growth(runs) },
  }
}

function caseOf(runs: readonly Run[]): Case {
  const [first] = runs
  const over = (of: (run: Run) => number): Spread => spread(runs.map(of))
  return {
    case: first?.way ?? '',
    rows: first?.rows ?? 0,
    rowsPerSecond: over((run) => run.done / (run.ms / 1_000)),
    ms: over((run) => run.ms),
    walBytesPerRow: over((run) => run.walBytes / run.done),
    indexGrowthBytes: over((run) => run.indexBytes),
    heapGrowthBytes: over((run) => run.heapBytes),
    cpuMicrosPerRow: over((run) => (run.cpuMs * 1_000) / run.done),
    left: over((run) => run.left),
    queries: over((run) => run.latency.queries),
    failed: over((run) => run.latency.failed),
    p99Ms: over((run) => run.latency.p99Ms),
    longestMs: over((run) => run.latency.longestMs),
    delayedOver100Ms: over((run) => run.latency.delayedOver100Ms),
    idleP99Ms: over((run) => run.idle.p99Ms),
  }
}

/** Each round's own, since both ran within a minute of each other. */
function againstSingle(runs: readonly Run[]): { readonly [name: string]: Spread } {
  const pairs = runs.flatMap((ours) => {
    const single = runs.find((run) => run.way === 'single-update' && run.round === ours.round && run.rows === ours.rows)
    return ours.way === 'lockkeeper' && single !== undefined ? [{ ours, single }] : []
  })
  if (pairs.length === 0) return {}
  const ratio = (of: (run: Run) => number): Spread => spread(pairs.map(({ ours, single }) => of(ours) / of(single)))
  return {
    rowsPerSecondVsSingleUpdate: ratio((run) => run.done / run.ms),
    walVsSingleUpdate: ratio((run) => run.walBytes / run.done),
    indexGrowthVsSingleUpdate: ratio((run) => run.indexBytes),
    p99VsIdle: spread(pairs.map(({ ours }) => ours.latency.p99Ms / ours.idle.p99Ms)),
  }
}

/** The largest table against the smallest, a row. */
function growth(runs: readonly Run[]): { readonly [name: string]: Spread } {
  const ours = runs.filter((run) => run.way === 'lockkeeper')
  const [least, most] = [Math.min(...ours.map(({ rows }) => rows)), Math.max(...ours.map(({ rows }) => rows))]
  if (ours.length === 0 || least === most) return {}
  const medianOf = (rows: number, of: (run: Run) => number): number => spread(ours.filter((run) => run.rows === rows).map(of)).median
  const against = (of: (run: Run) => number): Spread =>
    spread(
      [...new Set(ours.map(({ rows }) => rows))].filter((rows) => rows !== least).map((rows) => medianOf(rows, of) / medianOf(least, of)),
    )
  return {
    walPerRowGrowth: against((run) => run.walBytes / run.done),
    cpuPerRowGrowth: against((run) => (run.cpuMs * 1_000) / run.done),
    msPerRowGrowth: against((run) => (run.ms * 1_000) / run.done),
  }
}

export function backfillText({ cases, ratios, machine }: BackfillDocument): string {
  const shown = (figure: string | number | Spread | undefined): string =>
    typeof figure === 'object' ? `${grouped(figure.median)} (${grouped(figure.min)} to ${grouped(figure.max)})` : String(figure)
  const lines = cases.flatMap((each) => [
    `${each.case}, ${grouped(each.rows)} rows`,
    ...Object.entries(each)
      .filter(([name]) => name !== 'case' && name !== 'rows')
      .map(([name, figure]) => `  ${name.padEnd(20)} ${shown(figure)}`),
  ])
  return [
    `PostgreSQL ${machine.version}, ${machine.cores} cores, median (least to greatest) of ${machine.rounds} rounds`,
    ...lines,
    ...Object.entries(ratios).map(([name, figure]) => `${name.padEnd(28)} ${shown(figure)}`),
    '',
  ].join('\n')
}

function grouped(value: number): string {
  return value >= 1_000 ? Math.round(value).toLocaleString('en-US') : String(value)
}
