import type { Catalog } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Undo } from '../../model/plan.ts'
import type { Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { withDescendants } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import { backfillStep, whyNoWalk } from './_backfill.ts'
import { writeSteps, type Draft } from './_step.ts'
import type { RowChange } from './_update.ts'

export interface RowWords {
  readonly id: string
  /** `update public.t`: how it is done is added. */
  readonly title: string
  readonly undo: Undo
}

export interface RowsOf {
  readonly current: Judged<PgNode>
  readonly change: RowChange
  readonly words: RowWords
}

/**
 * A change of rows batch by batch, or at once where it is surely short. Undefined where neither is safe, and where an index leads
 * to the rows: then it runs as written.
 */
export function rewriteRows({ current, change, words }: RowsOf, options: RewriteOptions): Rewritten | undefined {
  if (!goesThrough(current, change)) return undefined
  if (isSmall(change, current.before))
    return { takes: 1, steps: writeSteps([wholeDraft(current, words)], current.before, options), checks: [] }
  if (change.kind === 'refused') return undefined
  const batched = { ...words, title: `${words.title}, batch by batch` }
  const step = backfillStep(batched, change.work, { ...change, catalog: current.before })
  return step === undefined ? undefined : { takes: 1, steps: [step], checks: [] }
}

/** Why it can be neither. */
export function whyNotRows(current: Judged<PgNode>, change: RowChange | undefined): string | undefined {
  if (change === undefined || isSmall(change, current.before)) return undefined
  if (change.kind === 'refused') return change.why
  return whyNoWalk(change.work, { ...change, catalog: current.before })
}

// The facts say whether the whole table is read, or an index leads to some of its rows.
function goesThrough({ facts, before }: Judged<PgNode>, { table }: RowChange): boolean {
  return withDescendants(table, before).some((key) => facts.scans.includes(key))
}

function wholeDraft({ statement }: Judged<PgNode>, { id, title, undo }: RowWords): Draft {
  return { kind: 'draft', id, title: `${title} at once: few rows`, phase: 'backfill', sql: [statement.sql], undo }
}

/** 64 kB hold about a thousand rows of usual size, whose change takes 10 to 20 ms (measured: pgfacts B). */
const smallPages = 8

function isSmall({ table }: { readonly table: string }, catalog: Catalog): boolean {
  const pages = withDescendants(table, catalog)
    .map((key) => catalog.relations.get(key))
    .map((relation) => (relation?.kind === 'partitioned' ? 0 : relation?.pages))
  return pages.every((count) => count !== undefined) && pages.reduce((sum, count) => sum + (count ?? 0), 0) <= smallPages
}
