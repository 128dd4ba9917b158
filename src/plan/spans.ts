import { opinionsOn } from '../check/hazards.ts'
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
 * anything else, but where a statement in it was allowed as written, the others stay with it, as the ORM would have run them.
 */
export function spansOf<Node>(engine: PlanEngine<Node>, parts: readonly Part<Node>[], context: CutContext): readonly Span[] {
  const blocks = explicit(parts)
  const isInBlock = (at: number) => blocks.some(({ from, to }) => from <= at && at <= to)
  const ties = engine
    .ties(parts.map(({ judged }) => judged))
    .filter(({ from, inTransaction }) => inTransaction !== true || context.migration.transaction !== 'none' || isInBlock(from))
  const allowed = blocks.filter(({ from, to }) => parts.slice(from, to + 1).some((part) => isTakenUpon(engine, part, context)))
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
