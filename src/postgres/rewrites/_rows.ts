import type { Catalog } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewritten, RewriteOptions } from '../../model/rewrite.ts'
import { withDescendants } from '../facts/relations.ts'
import type { PgNode } from '../node.ts'
import { backfillStep, whyNoWalk } from './_backfill.ts'
import { writeSteps, type Draft } from './_step.ts'
import { rowChange, type RowChange } from './_update.ts'

export interface RowWords {
  /** `update`, `delete from`. */
  readonly verb: string
  readonly undone: string
}

/**
 * A change of rows batch by batch, or at once where it is surely short. Undefined where neither is safe, and where an index leads
 * to the rows: then it runs as written.
 */
export function rewriteRows(current: Judged<PgNode>, options: RewriteOptions, words: RowWords): Rewritten | undefined {
  const change = rowChange(current)
  if (change === undefined || !goesThrough(current, change)) return undefined
  if (isSmall(change, current.before))
    return { takes: 1, steps: writeSteps([wholeDraft(current, change, words)], current.before, options), checks: [] }
  if (change.kind === 'refused') return undefined
  const undo = { kind: 'forward-only', why: words.undone } as const
  const step = backfillStep({ id: idOf(change, words), title: `${words.verb} ${change.table}, batch by batch`, undo }, change.work, {
    ...change,
    catalog: current.before,
  })
  return step === undefined ? undefined : { takes: 1, steps: [step], checks: [] }
}

/** Why it can be neither. */
export function whyNotRows(current: Judged<PgNode>): string | undefined {
  const change = rowChange(current)
  if (change === undefined || isSmall(change, current.before)) return undefined
  if (change.kind === 'refused') return change.why
  return whyNoWalk(change.work, { ...change, catalog: current.before })
}

// The facts say whether the whole table is read, or an index leads to some of its rows.
function goesThrough({ facts, before }: Judged<PgNode>, { table }: RowChange): boolean {
  return withDescendants(table, before).some((key) => facts.scans.includes(key))
}

function wholeDraft({ statement }: Judged<PgNode>, change: RowChange, words: RowWords): Draft {
  const undo = { kind: 'forward-only', why: words.undone } as const
  return {
    kind: 'draft',
    id: idOf(change, words),
    title: `${words.verb} ${change.table} at once: few rows`,
    phase: 'backfill',
    sql: [statement.sql],
    undo,
  }
}

function idOf({ relation }: RowChange, { verb }: RowWords): string {
  return `${verb.split(' ')[0]}-${relation.name}`
}

/** 64 kB hold about a thousand rows of usual size, whose change takes 10 to 20 ms (measured: pgfacts B). */
const smallPages = 8

function isSmall({ table }: { readonly table: string }, catalog: Catalog): boolean {
  const pages = withDescendants(table, catalog)
    .map((key) => catalog.relations.get(key))
    .map((relation) => (relation?.kind === 'partitioned' ? 0 : relation?.pages))
  return pages.every((count) => count !== undefined) && pages.reduce((sum, count) => sum + (count ?? 0), 0) <= smallPages
}
