import type { Judged } from '../../model/hazard.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { writeSteps, type Draft } from '../rewrites/_step.ts'
import { alterTarget, type Target } from '../rewrites/_target.ts'
import { nameParts } from '../tree.ts'

/** An ORM drops a foreign key before the table or the column that it stands on; what goes in the contract keeps its key until then. */
export const dropKeyWithItsColumn: Rewrite<PgNode> = {
  id: 'drop-key-with-its-column',
  why: 'The table, or the column, stays until nobody uses it: without its foreign key the running application could write rows that point nowhere, and nothing could be taken back.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-CONSTRAINT; the order of Prisma and Drizzle',
  match(judged, at, options) {
    const one = judged[at]
    const target = one === undefined ? undefined : alterTarget(one, 'AT_DropConstraint')
    if (one === undefined || target === undefined || !goesLater(target, judged.slice(at + 1))) return undefined
    return rewrite(one, target, options)
  },
}

function goesLater({ key, relation, action }: Target, behind: readonly Judged<PgNode>[]): boolean {
  const constraint = relation.constraints.find(({ name }) => name === action.name)
  if (constraint?.kind !== 'foreign-key') return false
  const tables = [key, constraint.references]
  return behind.some((judged) => {
    const column = alterTarget(judged, 'AT_DropColumn')
    if (column?.key === key && constraint.columns.includes(column.action.name ?? '')) return true
    return droppedBy(judged).some((table) => tables.includes(table))
  })
}

function droppedBy({ statement: { node }, before }: Judged<PgNode>): readonly string[] {
  if (!('DropStmt' in node) || node.DropStmt.removeType !== 'OBJECT_TABLE') return []
  return (node.DropStmt.objects ?? []).map((object) => relationKey(nameParts(object), before))
}

function rewrite({ before }: Judged<PgNode>, { key, action }: Target, options: RewriteOptions): Rewritten {
  const name = postgresDialect.name(action.name ?? '')
  const draft: Draft = {
    kind: 'draft',
    id: `drop-${action.name ?? ''}`,
    title: `drop foreign key ${name} of ${key}`,
    phase: 'contract',
    // Who allows the table to be dropped at once has dropped it too.
    sql: [`ALTER TABLE IF EXISTS ${key} DROP CONSTRAINT IF EXISTS ${name}`],
    undo: { kind: 'forward-only', why: `rows of ${key} may point nowhere from here on` },
  }
  return { takes: 1, steps: [], checks: [], later: { gates: [], steps: writeSteps([draft], before, options), doubled: [] } }
}
