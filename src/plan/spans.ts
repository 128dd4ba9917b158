import { opinionsOn } from '../check/hazards.ts'
import type { RewriteOptions } from '../model/rewrite.ts'
import { present } from '../std/present.ts'
import { isAllowed, stops } from './allow.ts'
import type { Part } from './parts.ts'
import type { CutContext, PlanEngine } from './options.ts'

/** Parts that stay in one transaction, from one position to another (inclusive). */
export interface Span {
  readonly from: number
  readonly to: number
  /** What ties them; absent where they only stay together because the user allowed one of them as it is written. */
  readonly why?: string
}

/**
 * What must not be cut apart, overlapping ones joined. A BEGIN ... COMMIT of the file (Prisma's change of an enum) is cut like
 * anything else, but where a statement in it was allowed as written, the others stay with it, as the ORM would have run them. Not
 * where a rewrite takes that statement: then it is not run as written.
 */
export function spansOf<Node>(engine: PlanEngine<Node>, parts: readonly Part<Node>[], context: CutContext): readonly Span[] {
  const blocks = explicit(parts)
  const isInBlock = (at: number) => blocks.some(({ from, to }) => from <= at && at <= to)
  const ties = engine
    .ties(parts.map(({ judged }) => judged))
    .filter(({ from, inTransaction }) => inTransaction !== true || context.migration.transaction !== 'none' || isInBlock(from))
  const allowed = blocks.filter(({ from, to }) => {
    const cured = curedIn(engine, parts, { from, to, context })
    return parts.slice(from, to + 1).some((part, at) => !cured.has(from + at) && isTakenUpon(engine, part, context))
  })
  return joined([...ties, ...allowed].toSorted((a, b) => a.from - b.from))
}

function explicit<Node>(parts: readonly Part<Node>[]): readonly Span[] {
  const spans: Span[] = []
  let begin: number | undefined
  for (const [at, { role }] of parts.entries()) {
    if (role === 'begin') begin ??= at
    if ((role === 'commit' || role === 'rollback') && begin !== undefined) {
      spans.push({ from: begin, to: at })
      begin = undefined
    }
  }
  return spans
}

interface Block extends Pick<Span, 'from' | 'to'> {
  readonly context: CutContext
}

/** Positions of statements that become steps of a rewrite which one of their hazards names. */
function curedIn<Node>(engine: PlanEngine<Node>, parts: readonly Part<Node>[], { from, to, context }: Block): ReadonlySet<number> {
  const judged = parts.map((part) => part.judged)
  const cured = new Set<number>()
  for (let at = from; at <= to; at += 1) {
    const found = engine.rewrites.flatMap((rewrite) => {
      const takes = rewrite.match(judged, at, limitsOf(context))?.takes ?? 0
      const own = judged.slice(at, at + takes)
      const asWritten = own
        .flatMap((one) => opinionsOn(engine, { ...one, transaction: [one], at: 0 }))
        .filter((hazard) => hazard.rewrite === rewrite.id)
      return asWritten.length > 0 && !asWritten.some((hazard) => isAllowed(hazard, context)) ? [takes] : []
    })
    for (let next = at; next < at + Math.max(0, ...found) && next <= to; next += 1) cured.add(next)
  }
  return cured
}

/** What rewrites are told of the run. */
export function limitsOf({ options, versions }: CutContext): RewriteOptions {
  const { lockBudgetMs, statementTimeoutMs, catalog: physical } = options
  return { lockBudgetMs, statementTimeoutMs, physical, ...present({ versions }) }
}

function isTakenUpon<Node>(engine: PlanEngine<Node>, { judged }: Part<Node>, context: CutContext): boolean {
  const hazards = opinionsOn(engine, { ...judged, transaction: [judged], at: 0 })
  return hazards.some((hazard) => stops(hazard) && hazard.rewrite === undefined && isAllowed(hazard, context))
}

function joined(spans: readonly Span[]): readonly Span[] {
  const result: Span[] = []
  for (const span of spans) {
    const last = result.at(-1)
    if (last === undefined || span.from > last.to) result.push(span)
    else result[result.length - 1] = together(last, span)
  }
  return result
}

function together(one: Span, other: Span): Span {
  const why = [...new Set([one.why, other.why].filter((text) => text !== undefined))].join(' and ')
  return { from: one.from, to: Math.max(one.to, other.to), ...(why !== '' && { why }) }
}
