import type { Hazard } from '../model/hazard.ts'
import { isAllowed, stops, type AllowContext } from './allow.ts'
import type { Item } from './cut.ts'
import { blockingLocks, works, worksUnderLock } from './effect.ts'
import type { Part } from './parts.ts'
import type { PlanEngine } from './options.ts'
import { touchedWithin } from './waiting.ts'

interface BlockContext<Node> extends AllowContext {
  readonly parts: readonly Part<Node>[]
}

/** What `apply` stops at: hazards that no rewrite takes away and that were not allowed by name, and what cannot be cut. */
export function blockedBy<Node>(engine: PlanEngine<Node>, items: readonly Item<Node>[], context: BlockContext<Node>): readonly Hazard[] {
  const rolledBack = context.parts.filter(({ role }) => role === 'rollback').map(rollback)
  const found = [...rolledBack, ...items.flatMap((item) => itemHazards(engine, item, context)), ...touchedWithin(engine, items)]
  return found.filter((hazard) => stops(hazard) && !isAllowed(hazard, context))
}

function itemHazards<Node>(engine: PlanEngine<Node>, item: Item<Node>, context: BlockContext<Node>): readonly Hazard[] {
  switch (item.kind) {
    case 'rewritten':
      return item.hazards
        .filter((hazard) => hazard.rewrite === undefined || isLeft(hazard, item))
        .map((hazard) => withReason(hazard, whyNot(engine, hazard, { item, context })))
    case 'plain':
      return [...item.hazards.map((hazard) => withReason(hazard, whyNot(engine, hazard, { item, context }))), ...unjudged(item)]
    case 'whole':
      return [...item.hazards, ...tiedWork(item)]
  }
}

// The rewrite that was taken spares those who wait, and still takes away at once what the running application needs.
function isLeft<Node>(hazard: Hazard, { rewrite, later, gives }: Extract<Item<Node>, { readonly kind: 'rewritten' }>): boolean {
  return hazard.breaksOldApp && hazard.rewrite !== rewrite && later === undefined && gives !== true
}

interface Spot<Node> {
  readonly item: Item<Node>
  readonly context: BlockContext<Node>
}

/** Why the cure that the hazard names cannot be had here, in the cure's own words. */
function whyNot<Node>(engine: PlanEngine<Node>, hazard: Hazard, { item, context }: Spot<Node>): string | undefined {
  const rewrite = engine.rewrites.find(({ id }) => id === hazard.rewrite)
  const judged = context.parts.map((part) => part.judged)
  return item.parts.map((part) => rewrite?.whyNot?.(judged, context.parts.indexOf(part))).find((text) => text !== undefined)
}

function withReason(hazard: Hazard, why: string | undefined): Hazard {
  return why === undefined ? hazard : { ...hazard, message: `${hazard.message}; lockkeeper cannot do it in small steps: ${why}` }
}

// No rule spoke (advice apart), and yet the facts say that someone would wait for work: the runner never does that unasked (law 2).
function unjudged<Node>(item: Item<Node>): readonly Hazard[] {
  return item.hazards.some(({ severity }) => severity !== 'info') ? [] : item.parts.filter(worksUnderLock).map(workUnderLock)
}

function workUnderLock<Node>({ judged: { statement, facts } }: Part<Node>): Hazard {
  const tables = [...new Set([...facts.scans, ...facts.rewrites, ...facts.builds])].join(', ')
  return {
    rule: 'work-under-lock',
    severity: 'error',
    message: `line ${statement.line}: the statement reads or writes all of ${tables} while others wait behind its lock`,
    fix: 'Run it in a maintenance window, or allow it by name.',
    breaksOldApp: false,
  }
}

function tiedWork<Node>(item: Extract<Item<Node>, { readonly kind: 'whole' }>): readonly Hazard[] {
  const [first] = item.parts
  const last = item.parts.at(-1)
  const locks = item.parts.some(({ judged }) => blockingLocks(judged).length > 0)
  const tooMuch =
    (locks && item.parts.some(works)) || item.parts.some(({ judged }) => judged.facts.transaction !== 'allowed') || item.hazards.some(stops)
  if (first === undefined || last === undefined || !tooMuch) return []
  const lines = `lines ${first.judged.statement.line} to ${last.judged.statement.line}`
  return [
    {
      rule: 'cannot-split',
      severity: 'error',
      message: `${item.why} ties ${lines} into one transaction, and that does more than may be done under a lock`,
      fix: 'Move the statements that must run together into a file of their own.',
      breaksOldApp: false,
    },
  ]
}

function rollback<Node>({ judged: { statement } }: Part<Node>): Hazard {
  return {
    rule: 'cannot-split',
    severity: 'error',
    message: `line ${statement.line}: ROLLBACK takes back what stands before it, so the file does not say what it leaves`,
    fix: 'Remove the ROLLBACK and what it takes back.',
    breaksOldApp: false,
  }
}
