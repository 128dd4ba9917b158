import type { Column, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { present } from '../../std/present.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { writeSteps } from '../rewrites/_step.ts'
import { alterTarget, columnOf } from '../rewrites/_target.ts'
import { nothingDepends, unusedGate, viewsOn } from './_gates.ts'
import { reshapeAt, whyUnfilled } from './_reshape.ts'
import { reshapeRewrite, whyNotReshapeAt } from './_reshape-steps.ts'

const { name: quoted } = postgresDialect

/** The new application does not know the column, so only an INSERT of it matters until the old one is gone. */
export const dropColumn: Rewrite<PgNode> = {
  id: 'drop-column',
  why: 'The running application still names the column. Once the evidence says that nobody does, it goes in an instant.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-DROP-COLUMN',
  gives: true,
  match(judged, at, options) {
    const target = targetOf(judged[at])
    if (target !== undefined && reshapeAt(judged, at) !== undefined) return reshapeRewrite(judged, at, options)
    return target === undefined || whyNotFor(target) !== undefined ? undefined : rewrite(target, options)
  },
  whyNot(judged, at) {
    const target = targetOf(judged[at])
    return target === undefined ? undefined : (whyNotReshapeAt(judged, at) ?? whyNotFor(target))
  },
}

interface Target {
  readonly judged: Judged<PgNode>
  readonly table: string
  readonly relation: Relation
  readonly column: Column
  readonly cascades: boolean
}

function targetOf(judged: Judged<PgNode> | undefined): Target | undefined {
  const found = judged === undefined ? undefined : alterTarget(judged, 'AT_DropColumn')
  const column = columnOf(found?.relation, found?.action.name ?? '')
  if (judged === undefined || found === undefined || column === undefined) return undefined
  return { judged, table: found.key, relation: found.relation, column, cascades: found.action.behavior === 'DROP_CASCADE' }
}

function whyNotFor({ column, cascades }: Target): string | undefined {
  if (cascades) return 'CASCADE takes with it what nobody has looked at'
  return whyUnfilled(column)
}

function rewrite({ judged, table, relation, column }: Target, options: RewriteOptions): Rewritten {
  const gone = { table, relation, column: column.name, ...present({ earlier: options.versions?.earlier }) }
  const draft = {
    kind: 'draft',
    id: `drop-${column.name}`,
    title: `drop column ${quoted(column.name)} of ${table}`,
    phase: 'contract',
    sql: [`ALTER TABLE ${table} DROP COLUMN ${quoted(column.name)}`],
    undo: { kind: 'forward-only', why: `what ${quoted(column.name)} held is gone` },
  } as const
  return {
    takes: 1,
    steps: [],
    checks: [],
    later: {
      gates: [nothingDepends(gone), unusedGate(gone, viewsOn(table, options))],
      steps: writeSteps([draft], judged.before, options),
      doubled: [{ relation: table, columns: [column.name] }],
    },
  }
}
