import { present } from '../../std/present.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Step } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { relationKey } from '../names.ts'
import type { DropStmt, PgNode } from '../node.ts'
import { isOldTable } from '../rewrites/_target.ts'
import { simulate } from '../simulate.ts'
import { nameParts } from '../tree.ts'
import { nothingDepends, unusedGate, viewsOn } from './_gates.ts'
import { safely } from './_safely.ts'

/** Nothing is done until the gate: the running application reads and writes it to the end. */
export const dropTable: Rewrite<PgNode> = {
  id: 'drop-table',
  why: 'The running application still uses the table. Once the evidence says that nobody does, its foreign keys go one by one, and then the table in an instant.',
  source: 'https://www.postgresql.org/docs/current/sql-droptable.html; measured: pgfacts A.5',
  match(judged, at, options) {
    const current = judged[at]
    const drop = current === undefined ? undefined : dropOf(current)
    if (current === undefined || drop === undefined || whyNotFor(current, drop) !== undefined) return undefined
    const tables = tablesOf(current, drop)
    return tables.length === 0 ? undefined : rewrite(current, { tables, besides: droppedIn(judged) }, options)
  },
  whyNot(judged, at) {
    const current = judged[at]
    const drop = current === undefined ? undefined : dropOf(current)
    return current === undefined || drop === undefined ? undefined : whyNotFor(current, drop)
  },
}

function dropOf({ statement: { node } }: Judged<PgNode>): DropStmt | undefined {
  const drop = 'DropStmt' in node ? node.DropStmt : undefined
  return drop?.removeType === 'OBJECT_TABLE' ? drop : undefined
}

function whyNotFor(judged: Judged<PgNode>, drop: DropStmt): string | undefined {
  const tables = tablesOf(judged, drop)
  if (drop.behavior === 'DROP_CASCADE' && takesMore(judged, tables)) return 'CASCADE takes with it what nobody has looked at'
  const relations = tables.map((key) => judged.before.relations.get(key))
  if (relations.some((relation) => relation !== undefined && !isOldTable(relation)))
    return 'it drops what this migration or this run has made'
  return undefined
}

/** Drizzle writes CASCADE always. Where it has nothing to take it is left out, so that the server says no to what comes until then. */
function takesMore({ statement, before }: Judged<PgNode>, tables: readonly string[]): boolean {
  const after = simulate(statement, before)
  return [...before.relations].some(
    ([key, relation]) => !tables.includes(key) && relation.kind !== 'sequence' && after.relations.get(key) !== relation,
  )
}

/** Those that are there. */
function tablesOf({ before }: Judged<PgNode>, drop: DropStmt): readonly string[] {
  const keys = (drop.objects ?? []).map((object) => relationKey(nameParts(object), before))
  return keys.filter((key) => before.relations.has(key))
}

/** All tables that the migration drops: what one of them has on another is in nobody's way. */
function droppedIn(judged: readonly Judged<PgNode>[]): readonly string[] {
  return judged.flatMap((each) => {
    const drop = dropOf(each)
    return drop === undefined ? [] : tablesOf(each, drop)
  })
}

interface Dropped {
  readonly tables: readonly string[]
  readonly besides: readonly string[]
}

function rewrite({ before }: Judged<PgNode>, { tables, besides }: Dropped, options: RewriteOptions): Rewritten | undefined {
  const why = `the rows of ${tables.join(', ')} are gone`
  const words = { id: `drop-table-${tables.join('-')}`, title: `drop table ${tables.join(', ')} with all its rows` }
  const made = safely(
    [{ ...words, phase: 'contract', sql: [`DROP TABLE ${tables.join(', ')}`], undo: { kind: 'forward-only', why } }],
    before,
    options,
  )
  if (made === undefined) return undefined
  const gates = tables.flatMap((table) => {
    const relation = before.relations.get(table)
    if (relation === undefined) return []
    const others = besides.filter((other) => other !== table)
    return [
      nothingDepends({ table, relation, besides: others, ...present({ earlier: options.versions?.earlier }) }),
      unusedGate({ table, relation }, viewsOn(table, options)),
    ]
  })
  const steps = made.steps.map((step): Step => ({ ...step, phase: 'contract' }))
  return { takes: 1, steps: [], checks: [], later: { gates, steps, doubled: tables.map((relation) => ({ relation })) } }
}
