import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import type { A_Const, AlterEnumStmt, PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { nodesTagged } from '../tree.ts'
import { writeSteps, type Draft } from './_step.ts'

/** Only where a later statement of the migration needs it: else it is as well where it stands. */
export const commitEnumValueFirst: Rewrite<PgNode> = {
  id: 'commit-enum-value-first',
  why: 'A value that ALTER TYPE ADD VALUE adds cannot be used before that is committed (55P04). It takes no lock on a table and is committed on its own, before the statement that uses it.',
  source: 'https://www.postgresql.org/docs/current/sql-altertype.html#SQL-ALTERTYPE-NOTES; measured on 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const value = current === undefined ? undefined : addedValue(current)
    if (current === undefined || value === undefined || !isUsed(value, judged.slice(at + 1))) return undefined
    return { takes: 1, steps: writeSteps([addDraft(current.statement.sql, value)], current.before, options), checks: [] }
  },
}

function addedValue({ statement: { node } }: Judged<PgNode>): string | undefined {
  const added: AlterEnumStmt = 'AlterEnumStmt' in node ? node.AlterEnumStmt : {}
  return added.oldVal === undefined ? added.newVal : undefined
}

function isUsed(value: string, later: readonly Judged<PgNode>[]): boolean {
  return later.some(({ statement }) => nodesTagged<A_Const>('A_Const', statement.node).some(({ sval }) => sval?.sval === value))
}

function addDraft(sql: string, value: string): Draft {
  return {
    kind: 'draft',
    id: `add-value-${value}`,
    title: `add the enum value ${postgresDialect.literal(value)} and commit it, so that the next steps can use it`,
    phase: 'expand',
    sql: [sql],
    undo: { kind: 'forward-only', why: 'a value of an enum cannot be taken away' },
  }
}
