import { opinionsOn } from '../check/hazards.ts'
import type { Hazard, Judged } from '../model/hazard.ts'
import type { DataCheck, Step } from '../model/plan.ts'
import type { Later, Rewrite, Rewritten } from '../model/rewrite.ts'
import { present } from '../std/present.ts'
import { isAllowed, stops } from './allow.ts'
import type { Part } from './parts.ts'
import type { CutContext, PlanEngine } from './options.ts'
import { limitsOf, spansOf, type Span } from './spans.ts'

interface ItemBase<Node> {
  readonly parts: readonly Part<Node>[]
  readonly hazards: readonly Hazard[]
  /** SETs that stand before it. */
  readonly session: readonly string[]
}

/** A piece of a migration that becomes steps of its own. */
export type Item<Node> =
  | (ItemBase<Node> & { readonly kind: 'plain' })
  | (ItemBase<Node> & {
      readonly kind: 'rewritten'
      readonly rewrite: string
      readonly steps: readonly Step[]
      readonly checks: readonly DataCheck[]
      readonly later?: Later
      /** It does what the user says that columns hold. */
      readonly gives?: true
    })
  /** Statements that are tied together: they run in one transaction, or not at all. */
  | (ItemBase<Node> & { readonly kind: 'whole'; readonly why: string })

export interface Pieces<Node> {
  readonly items: readonly Item<Node>[]
  /** SETs that hold behind its end. */
  readonly session: readonly string[]
}

/** Cuts a migration where nothing crosses the cut (H4); each piece is rewritten where a rewrite knows it. */
export function cut<Node>(engine: PlanEngine<Node>, parts: readonly Part<Node>[], context: CutContext): Pieces<Node> {
  const cutter: Cutter<Node> = { engine, parts, context, judged: parts.map((part) => part.judged), spans: spansOf(engine, parts, context) }
  const items: Item<Node>[] = []
  const session = [...context.session]
  for (let at = 0; at < parts.length;) {
    const part = parts[at]
    if (part === undefined) break
    const span = cutter.spans.find(({ from }) => from === at)
    if (span === undefined && part.role === 'session') session.push(part.judged.statement.sql)
    if (span === undefined && part.role !== 'plain' && part.role !== 'alone') {
      at += 1
      continue
    }
    const item = span === undefined ? itemAt(cutter, at) : wholeItem(cutter, span)
    items.push({ ...item.item, session: [...session] })
    at += item.takes
  }
  return { items, session }
}

interface Cutter<Node> {
  readonly engine: PlanEngine<Node>
  readonly parts: readonly Part<Node>[]
  readonly judged: readonly Judged<Node>[]
  readonly context: CutContext
  readonly spans: readonly Span[]
}

interface Taken<Node> {
  readonly item: Item<Node>
  readonly takes: number
}

function wholeItem<Node>(cutter: Cutter<Node>, span: Span): Taken<Node> {
  const inside = cutter.parts.slice(span.from, span.to + 1).filter(({ role }) => role === 'plain' || role === 'alone' || role === 'session')
  const transaction = inside.map(({ judged }) => judged)
  const hazards = distinct(
    transaction.flatMap((judged, at) => {
      const found = opinionsOn(cutter.engine, { ...judged, transaction, at })
      return found.filter((hazard) => !isCuredAsWritten(cutter, judged, hazard))
    }),
  )
  const common = { parts: inside, session: [] }
  const takes = span.to - span.from + 1
  if (span.why === undefined) return { item: { kind: 'plain', ...common, hazards: withoutConsequences(cutter, hazards) }, takes }
  return { item: { kind: 'whole', ...common, hazards, why: span.why }, takes }
}

/** Who allowed long work on a table has allowed too that its lock is held from an earlier statement on: that is no second harm. */
function withoutConsequences<Node>({ engine, context }: Cutter<Node>, hazards: readonly Hazard[]): readonly Hazard[] {
  const ofTransaction = engine.hazards.filter(({ group }) => group === 'transaction').map(({ id }) => id)
  const taken = hazards.filter((hazard) => stops(hazard) && isAllowed(hazard, context)).map(({ relation }) => relation)
  return hazards.filter(({ rule, relation }) => !ofTransaction.includes(rule) || relation === undefined || !taken.includes(relation))
}

/** The cure itself would run the statement as it is (an UPDATE of a small table). */
function isCuredAsWritten<Node>({ engine, judged, context }: Cutter<Node>, one: Judged<Node>, { rewrite: id }: Hazard): boolean {
  const rewrite = engine.rewrites.find((candidate) => candidate.id === id)
  const steps = rewrite?.match(judged, judged.indexOf(one), limitsOf(context))?.steps
  const [only] = steps ?? []
  return steps?.length === 1 && only?.kind === 'sql' && only.sql.length === 1 && only.sql[0] === one.statement.sql
}

function itemAt<Node>(cutter: Cutter<Node>, at: number): Taken<Node> {
  const { engine, parts, context } = cutter
  const [first] = parts.slice(at, at + 1)
  const found = rewriteAt(cutter, at)
  const takes = found?.rewritten.takes ?? 1
  const own = parts.slice(at, at + takes)
  const hazards = distinct(own.flatMap((part) => alone(engine, part)))
  if (found === undefined || first === undefined) return { item: { kind: 'plain', parts: own, hazards, session: [] }, takes }
  // Who allows the very hazard that the rewrite removes wants the statement as written (H13).
  if (!isNeeded(found, context) && unwanted(hazards, context).has(found.rewrite))
    return { item: { kind: 'plain', parts: [first], hazards: distinct(alone(engine, first)), session: [] }, takes: 1 }
  return { item: rewrittenItem(found, { parts: own, hazards }, context), takes }
}

function rewrittenItem<Node>(
  { rewrite, rewritten }: Found,
  { parts, hazards }: Pick<ItemBase<Node>, 'parts' | 'hazards'>,
  { versions }: CutContext,
): Item<Node> {
  const { steps, checks, later, gives, cures = [] } = rewritten
  // Each version has its own columns and names until the gate is passed.
  const isApart = versions !== undefined && (later !== undefined || gives === true)
  const felt = isApart ? [] : hazards.filter(({ rule }) => !cures.includes(rule))
  return { kind: 'rewritten', rewrite, parts, hazards: felt, steps, checks, ...present({ later, gives }), session: [] }
}

/** Rewrites whose hazard is allowed by name. */
function unwanted(hazards: readonly Hazard[], context: CutContext): ReadonlySet<string | undefined> {
  return new Set(hazards.filter((hazard) => stops(hazard) && isAllowed(hazard, context)).map(({ rewrite }) => rewrite))
}

/** The opinions about a statement that is alone in its transaction. */
function alone<Node>(engine: PlanEngine<Node>, { judged }: Part<Node>): readonly Hazard[] {
  return opinionsOn(engine, { ...judged, transaction: [judged], at: 0 })
}

interface Found {
  readonly rewrite: string
  readonly rewritten: Rewritten
}

/** What the running application would not survive comes first, then what takes the most statements. */
function rewriteAt<Node>({ engine, judged, parts, context, spans }: Cutter<Node>, at: number): Found | undefined {
  const room = (spans.find(({ from }) => from > at)?.from ?? parts.length) - at
  const [first] = parts.slice(at, at + 1)
  const allowed = unwanted(first === undefined ? [] : alone(engine, first), context)
  const all = engine.rewrites.flatMap((rewrite) => tried(rewrite, rewrite.match(judged, at, limitsOf(context))))
  const fitting = all.filter(({ rewritten }) => rewritten.takes <= room).toSorted((a, b) => rank(b) - rank(a))
  return fitting.find((one) => isNeeded(one, context) || !allowed.has(one.rewrite)) ?? fitting[0]
}

/** What the user says of columns is done, whatever he allows; and views of versions would be in the way of what takes the old shape at once. */
function isNeeded({ rewritten: { gives, later } }: Found, { versions }: CutContext): boolean {
  return gives === true || (versions !== undefined && later !== undefined)
}

function rank({ rewritten: { later, takes, gives } }: Found): number {
  return takes + (later === undefined && gives !== true ? 0 : Number.MAX_SAFE_INTEGER / 2)
}

function tried<Node>({ id }: Rewrite<Node>, rewritten: Rewritten | undefined): readonly Found[] {
  return rewritten === undefined ? [] : [{ rewrite: id, rewritten }]
}

function distinct(hazards: readonly Hazard[]): readonly Hazard[] {
  return [...new Map(hazards.map((hazard) => [`${hazard.rule}\n${hazard.message}`, hazard])).values()]
}
