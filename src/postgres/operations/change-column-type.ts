import type { Catalog } from '../../model/catalog.ts'
import type { Work } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { differs } from '../in-step.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { backfillStep, whyNoWalk } from '../rewrites/_backfill.ts'
import { catalogAfter, cleanupAtOnce, free, writeSteps, type Draft } from '../rewrites/_step.ts'
import { surrounded, type Surrounded } from './_around.ts'
import { analyzeDraft, buildBeside, dropped, secondColumn, statisticsDrafts, withoutSequences } from './_beside.ts'
import { dollarQuoted, swapSql, type Swap } from './_swap.ts'
import { syncTriggers, type SyncTriggers } from './_sync.ts'
import type { TypeChanging } from './_type-change.ts'
import { triggersFired, whyNotChanged } from './_type-refusals.ts'

const { name: quoted, literal } = postgresDialect

/** Nobody writes the second column but the trigger and the backfill, and it takes the place of the first in one go: no contract is left. */
export const changeColumnType: Rewrite<PgNode> = {
  id: 'change-column-type',
  why: 'A change of type writes the table and its indexes anew under ACCESS EXCLUSIVE. A second column of the new type, kept in step by a trigger and filled in batches, with its indexes and keys built beside those of the first, takes its place in an instant.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-NOTES; measured on 13 to 18: 5.2 s for 2 million rows of 104 bytes',
  match(judged, at, options) {
    const found = surrounded(judged, at)
    return found === undefined || whyNotChanged(found.change) !== undefined ? undefined : rewrite(found, options)
  },
  whyNot(judged, at) {
    const found = surrounded(judged, at)
    if (found === undefined) return undefined
    const why = whyNotChanged(found.change) ?? whyNotFilled(found.change)
    if (why !== undefined) return why
    const made = rewrite(found, { lockBudgetMs: 0, statementTimeoutMs: 0, physical: found.start })
    return made === undefined ? 'one of its indexes, checks or keys cannot be made a second time beside it' : undefined
  },
}

function rewrite(found: Surrounded, options: RewriteOptions): Rewritten | undefined {
  const { change, start: before, takes } = found
  const { table, relation, column, shadow } = change
  const wide = { ...relation, columns: [...relation.columns, { ...change.wanted, name: shadow }] }
  const sync = { old: [{ column: column.name }], new: [{ column: shadow, value: change.value }] }
  const triggers = syncTriggers({ table, relation: wide, catalog: before, syncs: [sync] })
  const expand = expandDraft(change, triggers)
  const expanded = catalogAfter(expand.sql, before)
  const fill = fillStep(change, expanded)
  const built = buildBeside(change, expanded, { options })
  if (fill === undefined || built === undefined) return undefined
  const { steps, after } = built
  const swap = { ...built.swap, ...dropped(triggers), first: found.first, last: found.last }
  return {
    takes,
    steps: [
      ...writeSteps([expand, fill], before, options),
      ...steps,
      ...withoutSequences(
        writeSteps([analyzeDraft(change), compareDraft(change), swapDraft(swap), ...statisticsDrafts(change)], after, options),
        after,
      ),
    ],
    checks: [],
    cures: curesOf(found),
  }
}

/** Column and triggers in one short transaction: no row is ever written without the second column. */
function expandDraft(change: TypeChanging, triggers: SyncTriggers): Draft {
  const { table, column, wanted, shadow } = change
  return {
    kind: 'draft',
    id: `add-${shadow}`,
    title: `add a second ${quoted(column.name)} of type ${wanted.type} to ${table}, kept in step by a trigger`,
    phase: 'expand',
    sql: [...secondColumn(change), ...triggers.create],
    undo: cleanupAtOnce(...triggers.drop, `ALTER TABLE ${table} DROP COLUMN IF EXISTS ${quoted(shadow)}`),
  }
}

/** A default that goes and comes in one transaction is never missed, and a key that stays has nothing in its way. */
function curesOf({ last, keepsKey }: Surrounded): readonly string[] {
  const isBack = last.some((sql) => /\bSET\s+DEFAULT\b/i.test(sql))
  return [...(isBack ? ['drop-default'] : []), ...(keepsKey ? ['refused-by-dependents'] : [])]
}

function workOf({ table, shadow, value }: TypeChanging): Work {
  const where = `${quoted(shadow)} IS NULL AND (${value}) IS NOT NULL`
  return { kind: 'update', relation: table, set: `${quoted(shadow)} = ${value}`, where, falsifies: true, inStep: true }
}

function fillStep(change: TypeChanging, catalog: Catalog) {
  const { table, shadow } = change
  const relation = catalog.relations.get(table)
  if (relation === undefined) return undefined
  const title = `fill ${quoted(shadow)} of ${table}, batch by batch${triggersFired(change.relation)}`
  return backfillStep({ id: `fill-${shadow}`, title, undo: free }, workOf(change), { relation, changes: [shadow], catalog })
}

function whyNotFilled(change: TypeChanging): string | undefined {
  return whyNoWalk(workOf(change), { relation: change.relation, changes: [change.shadow], catalog: change.judged.before })
}

/** Asked of the table, with nobody waiting: rows that went past the trigger would change their value by the swap. */
function compareDraft({ table, column, wanted, shadow, value }: TypeChanging): Draft {
  const expected = `CAST((${value}) AS ${wanted.type})`
  const message = `rows of ${table} have another value in ${quoted(shadow)} than in ${quoted(column.name)}`
  const hint = `Find out who writes past the trigger: SELECT * FROM ${table} WHERE ${differs([expected], [quoted(shadow)])}.`
  const body = `BEGIN
  IF EXISTS (SELECT FROM ${table} WHERE ${differs([expected], [quoted(shadow)])}) THEN
    RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = ${literal(message)}, HINT = ${literal(hint)};
  END IF;
END`
  return {
    kind: 'draft',
    id: `compare-${column.name}`,
    title: `see that both columns agree in every row of ${table}`,
    phase: 'expand',
    sql: [dollarQuoted(body)],
    undo: free,
  }
}

function swapDraft(swap: Swap): Draft {
  const { table, column, wanted } = swap.change
  return {
    kind: 'draft',
    id: `swap-${column.name}`,
    title: `put the column of type ${wanted.type} in the place of ${quoted(column.name)} of ${table}; it is the last one then, which SELECT * and INSERT without a list of columns see`,
    phase: 'cut-over',
    sql: swapSql(swap),
    undo: { kind: 'forward-only', why: `${quoted(column.name)} of ${table} is ${wanted.type} now, and what it was before is not kept` },
  }
}
