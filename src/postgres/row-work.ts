import type { RowWork } from '../model/backfill.ts'
import type { Catalog } from '../model/catalog.ts'
import type { Walk } from '../model/plan.ts'
import type { Statement } from '../model/statement.ts'
import type { PgNode } from './node.ts'
import { backfillStep, batchTargetMs, canGoByPages, keysOf, walkableKey, whyNoWalk } from './rewrites/_backfill.ts'
import { rowCopy } from './rewrites/_copy.ts'
import { rowChange, type RowChange } from './rewrites/_update.ts'

/** An UPDATE, DELETE or INSERT ... SELECT as batched work and the walk for it, or why it cannot be either. */
export function rowWork(statement: Statement<PgNode>, catalog: Catalog, walk?: 'key' | 'descending'): RowWork {
  const judged = { statement, before: catalog }
  const change = rowChange(judged) ?? rowCopy(judged)
  if (change === undefined) return { kind: 'refused', why: 'it is no UPDATE, DELETE or INSERT ... SELECT of a table that is there' }
  if (change.kind === 'refused') return change
  if (walk !== undefined) return byKey(change, walk)
  const step = backfillStep({ id: '', title: '', undo: { kind: 'free' } }, change.work, { ...change, catalog })
  if (step === undefined)
    return { kind: 'refused', why: whyNoWalk(change.work, { ...change, catalog }) ?? 'there is no safe way to walk the table' }
  return { kind: 'work', work: step.work, walk: step.walk, batchTargetMs: step.batchTargetMs }
}

function byKey({ work, table, relation, changes }: Extract<RowChange, { readonly kind: 'change' }>, walk: 'key' | 'descending'): RowWork {
  const key = walkableKey(relation, changes)
  if (key === undefined) return { kind: 'refused', why: `${table} has no unique key without NULLs that the change leaves alone` }
  return { kind: 'work', work, walk: walk === 'descending' ? { ...key, descending: true } : key, batchTargetMs }
}

/** A changed row is told again by its key alone, so pages come last. */
export function codeWalk(
  name: string,
  catalog: Catalog,
  { falsifies, key }: { readonly falsifies: boolean; readonly key?: readonly string[] },
): Walk | undefined {
  const relation = catalog.relations.get(name)
  if (relation === undefined) return undefined
  const keys = keysOf(relation)
  if (key !== undefined) return keys.find(({ columns }) => columns.join('\n') === key.join('\n'))
  return keys[0] ?? (canGoByPages({ relation: name, falsifies }, { relation, changes: [], catalog }) ? { by: 'pages' } : undefined)
}
