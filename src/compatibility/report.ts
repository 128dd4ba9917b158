import type {
  Application,
  ApplicationSummary,
  CompatibilityReport,
  JudgedQuery,
  Sample,
  SampledQuery,
  SchemaState,
  Tally,
  Verdict,
} from '../model/compatibility.ts'

/** A statement with what became of it in each state that was looked at. */
export interface Judged {
  readonly query: SampledQuery
  readonly on: JudgedQuery['on']
}

export interface Findings {
  readonly application: Application
  readonly sample: Sample
  readonly judged: readonly Judged[]
}

const ranks: { readonly [outcome in Verdict['outcome']]: number } = { 'breaks': 0, 'result-changes': 1, 'unreadable': 2, 'ok': 3 }

/** The statements of an application with their share of the traffic, the worst and most used first. */
export function judgedQueries({ application, sample, judged }: Findings): readonly JudgedQuery[] {
  const all = callsOf(sample)
  const queries = judged.map(({ query, on }) => ({ ...query, share: shareOf(query.calls, all), outcome: worstOf(application, on), on }))
  const broken = sample.unreadable.map(({ sql, why }): JudgedQuery => {
    const verdict: Verdict = { outcome: 'unreadable', why }
    return { sql, calls: 1, share: shareOf(1, all), outcome: 'unreadable', on: { [application]: verdict } }
  })
  return [...queries, ...broken].toSorted((a, b) => ranks[a.outcome] - ranks[b.outcome] || b.calls - a.calls)
}

export function summaryOf({ sample }: Findings, queries: readonly JudgedQuery[], states: readonly SchemaState[]): ApplicationSummary {
  const calls = callsOf(sample)
  const unjudged = queries.reduce((sum, query) => sum + (query.outcome === 'unreadable' ? query.calls : 0), 0)
  const { from, leftOut, since, evictions } = sample
  return {
    from,
    queries: queries.length,
    calls,
    judgedShare: shareOf(calls - unjudged, calls),
    leftOut,
    ...(since !== undefined && { since }),
    ...(evictions !== undefined && { evictions }),
    states: Object.fromEntries(states.map((state) => [state, tallyOf(queries, state, calls)])),
  }
}

function tallyOf(queries: readonly JudgedQuery[], state: SchemaState, calls: number): Tally {
  const outcomes = queries.map(({ outcome, on }) => (outcome === 'unreadable' ? outcome : (on[state]?.outcome ?? 'ok')))
  const number = (outcome: Verdict['outcome']) => outcomes.filter((one) => one === outcome).length
  const breaking = queries.reduce((sum, query) => sum + (query.on[state]?.outcome === 'breaks' ? query.calls : 0), 0)
  return {
    queries: queries.length,
    ok: number('ok'),
    breaks: number('breaks'),
    resultChanges: number('result-changes'),
    unreadable: number('unreadable'),
    breakingShare: shareOf(breaking, calls),
  }
}

export type FailOn = 'error' | 'warning' | 'never'

/**
 * Whether something counts against the change. An application that is in use must work in the states that it meets: both on the expanded
 * schema, the old one on the new schema too unless `phase` says that only what `apply` does is of interest. That the new application needs
 * the migration first is no finding.
 */
export function failsOn(report: CompatibilityReport, failOn: FailOn, phase: 'all' | 'expanded'): boolean {
  if (failOn === 'never') return false
  const bad = failOn === 'error' ? ['breaks'] : ['breaks', 'result-changes']
  const counts = (application: Application, state: SchemaState) =>
    report[application].some(({ on }) => bad.includes(on[state]?.outcome ?? 'ok'))
  return counts('old', 'expanded') || counts('new', 'expanded') || (phase === 'all' && counts('old', 'new'))
}

// The new application is deployed once the expanded schema stands: what the old schema lacks is no fault of it.
function worstOf(application: Application, on: JudgedQuery['on']): Verdict['outcome'] {
  const counting = application === 'old' ? [on.old, on.expanded, on.new] : [on.new, on.expanded]
  const outcomes = counting.flatMap((verdict) => (verdict === undefined ? [] : [verdict.outcome]))
  return outcomes.toSorted((a, b) => ranks[a] - ranks[b])[0] ?? 'ok'
}

function callsOf({ queries, unreadable }: Sample): number {
  return queries.reduce((sum, { calls }) => sum + calls, 0) + unreadable.length
}

function shareOf(part: number, all: number): number {
  return all === 0 ? 0 : part / all
}
