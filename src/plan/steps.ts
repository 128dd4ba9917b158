import type { StepWords } from '../model/bond.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Hazard } from '../model/hazard.ts'
import type { SqlStep, Step, Undo } from '../model/plan.ts'
import { stops } from './allow.ts'
import type { Item } from './cut.ts'
import { blockingLocks, feltLocks, strongestLocks, works } from './effect.ts'
import type { Part } from './parts.ts'
import type { PlanEngine, PlanOptions } from './options.ts'

interface Limits extends Pick<PlanOptions, 'lockBudgetMs' | 'statementTimeoutMs'> {
  /** What the migration finds. */
  readonly start: Catalog
}

/** The steps of the items: rewritten ones as they are, the others as written, gathered into few transactions. */
export function stepsOf<Node>(engine: PlanEngine<Node>, items: readonly Item<Node>[], limits: Limits): readonly Step[] {
  return gather(items).flatMap((group): readonly Step[] => {
    const [first] = group
    if (first === undefined) return []
    return first.kind === 'rewritten' ? rewrittenSteps(first) : [writtenStep(engine, group, limits)]
  })
}

function rewrittenSteps<Node>({ steps, hazards, rewrite, session }: Extract<Item<Node>, { readonly kind: 'rewritten' }>): readonly Step[] {
  const left = hazards.filter((hazard) => hazard.rewrite !== rewrite)
  return steps.map((step, at) => ({ ...step, hazards: at === 0 ? left : [], ...(step.kind === 'sql' && { session }) }))
}

/** Consecutive items that may share a transaction. */
function gather<Node>(items: readonly Item<Node>[]): readonly (readonly Item<Node>[])[] {
  const groups: Item<Node>[][] = []
  for (const item of items) {
    const group = groups.at(-1)
    if (group !== undefined && group.every((other) => mayShare(other, item))) group.push(item)
    else groups.push([item])
  }
  return groups
}

/**
 * What locks nothing that was there before shares one transaction, so that a fresh database migrates at the ORM's speed (H16).
 * Strong locks share it only on the same tables in the same mode: no second table is locked, and no lock is raised, behind which
 * someone may deadlock. What the user allowed as written stays together as the ORM would have run it (a swap of two names).
 */
function mayShare<Node>(one: Item<Node>, other: Item<Node>): boolean {
  if (one.kind !== 'plain' || other.kind !== 'plain' || one.session.length !== other.session.length) return false
  if (standsAlone(one) || standsAlone(other)) return false
  if (isTakenUpon(one) && isTakenUpon(other)) return true
  return !one.parts.some(works) && !other.parts.some(works) && lockKey(one) === lockKey(other)
}

function standsAlone<Node>(item: Item<Node>): boolean {
  return item.parts.some(({ role, judged }) => role === 'alone' || judged.facts.transaction !== 'allowed')
}

// Only an allowed hazard gets this far: any other one is in `blocked`, and nothing runs.
function isTakenUpon<Node>(item: Item<Node>): boolean {
  return item.hazards.some(stops)
}

function lockKey<Node>(item: Item<Node>): string {
  return strongestLocks(item.parts.flatMap(({ judged }) => blockingLocks(judged)))
    .map(({ relation, mode }) => `${mode} ${relation}`)
    .join('\n')
}

function writtenStep<Node>(engine: PlanEngine<Node>, group: readonly Item<Node>[], limits: Limits): SqlStep {
  const parts = group.flatMap((item) => item.parts)
  const words = parts.map(({ judged }) => engine.words(judged, limits.start))
  const blocks = parts.some(({ judged }) => blockingLocks(judged).length > 0)
  const facts = parts.map(({ judged }) => judged.facts)
  return {
    kind: 'sql',
    id: words[0]?.id ?? 'run',
    title: titleOf(words),
    phase: facts.some(({ destroys }) => destroys.length > 0) ? 'contract' : 'expand',
    hazards: group.flatMap((item): readonly Hazard[] => item.hazards),
    undo: joinUndo(words.map(({ undo }, at) => saidUndo(parts[at]) ?? undo)),
    sql: texts(parts),
    session: group[0]?.session ?? [],
    transaction: facts.every(({ transaction }) => transaction === 'allowed'),
    locks: strongestLocks(parts.flatMap(({ judged }) => feltLocks(judged))),
    lockTimeoutMs: blocks ? limits.lockBudgetMs : 0,
    statementTimeoutMs: blocks && !parts.some(works) ? limits.statementTimeoutMs : 0,
    waitsForSnapshots: facts.some(({ waitsFor }) => waitsFor.includes('older-snapshots')),
  }
}

/** More than so many titles in one line are read by nobody. */
const mostTitles = 3

function titleOf(words: readonly StepWords[]): string {
  const titles = words.map(({ title }) => title)
  const shown = titles.slice(0, titles.length > mostTitles ? 1 : mostTitles).join('; ')
  return titles.length > mostTitles ? `${shown}, and ${titles.length - 1} more` : shown
}

/** What the file says counts, whatever the statement. */
function saidUndo<Node>(part: Part<Node> | undefined): Undo | undefined {
  const undo = part?.judged.statement.undo
  return undo === undefined ? undefined : { kind: 'cleanup', sql: [undo] }
}

function joinUndo(undos: readonly Undo[]): Undo {
  const final = undos.find(({ kind }) => kind === 'forward-only')
  const sql = undos.toReversed().flatMap((undo) => (undo.kind === 'cleanup' ? undo.sql : []))
  return final ?? (sql.length === 0 ? { kind: 'free' } : { kind: 'cleanup', sql })
}

/** The user's own bytes: an ALTER TABLE whose actions all stand here is itself again. */
function texts<Node>(parts: readonly Part<Node>[]): readonly string[] {
  const made: string[] = []
  for (let at = 0; at < parts.length;) {
    const part = parts[at]
    if (part === undefined) break
    const together = parts.slice(at, at + part.siblings).filter(({ origin }) => origin === part.origin)
    const isWhole = together.length === part.siblings
    made.push(isWhole ? part.origin.sql : part.judged.statement.sql)
    at += isWhole ? part.siblings : 1
  }
  return made
}
