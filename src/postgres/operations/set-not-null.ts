import type { Judged } from '../../model/hazard.ts'
import type { Work } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { valueFor, type UpDown } from '../../model/up-down.ts'
import { present } from '../../std/present.ts'
import { textsOf, type PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { backfillStep, whyNoWalk } from '../rewrites/_backfill.ts'
import { checksAt, valueCheck } from '../rewrites/_checks.ts'
import { constraintOf } from '../rewrites/_constraint.ts'
import { notNullDrafts } from '../rewrites/_not-null.ts'
import { catalogAfter, cleanup, writeSteps, type Draft, type DraftStep } from '../rewrites/_step.ts'
import { alterTarget, columnOf, isAddedHere, type Target } from '../rewrites/_target.ts'
import { unaidedGate } from './_gates.ts'
import { whyMoving, whyNoTriggers } from './_reshape.ts'
import { syncTriggers, type SyncTriggers } from './_sync.ts'

const { name: quoted } = postgresDialect

/** Without a value of the user's it is a rewrite (set-not-null-validated): then the running application writes no NULL, or its DEFAULT fills it. */
export const setNotNull: Rewrite<PgNode> = {
  id: 'set-not-null',
  why: 'The running application may still write NULL. A trigger puts what the user says in its place, so that no write of it fails, until it is gone.',
  source:
    'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-SET-DROP-NOT-NULL; measured: pgfacts A.2, 13 to 18',
  gives: true,
  match(judged, at, options) {
    const required = requiredAt(judged, at)
    return required === undefined || whyNotFor(required) !== undefined ? undefined : rewrite(required, { judged, at, options })
  },
  whyNot(judged, at) {
    const required = requiredAt(judged, at)
    return required === undefined ? undefined : whyNotFor(required)
  },
}

interface Required {
  readonly judged: Judged<PgNode>
  readonly others: Parameters<typeof whyMoving>[2]
  readonly target: Target
  readonly column: string
  /** 18 can name the constraint. */
  readonly name?: string
  readonly value: UpDown
  /** The migration adds the column itself. */
  readonly added: boolean
}

function requiredAt(judged: readonly Judged<PgNode>[], at: number): Required | undefined {
  const one = judged[at]
  const found = one?.upDown === undefined ? undefined : requirementOf(one)
  const value = valueFor(one?.upDown, 'up', found?.column ?? '')
  if (one === undefined || found === undefined || value === undefined) return undefined
  const added = isAddedHere(judged, found.target.key, found.column)
  return { judged: one, others: { judged, but: [at] }, value, added, ...found }
}

/** SET NOT NULL, or 18's ADD CONSTRAINT ... NOT NULL. */
function requirementOf(judged: Judged<PgNode>): Pick<Required, 'target' | 'column' | 'name'> | undefined {
  const set = alterTarget(judged, 'AT_SetNotNull')
  if (set !== undefined) return { target: set, column: set.action.name ?? '' }
  const add = alterTarget(judged, 'AT_AddConstraint')
  const constraint = constraintOf(add?.action.def)
  if (add === undefined || constraint?.contype !== 'CONSTR_NOTNULL') return undefined
  return { target: add, column: textsOf(constraint.keys)[0] ?? '', ...present({ name: constraint.conname }) }
}

function whyNotFor({ target, column, value, judged, added, others }: Required): string | undefined {
  const { relation, key } = target
  const known = columnOf(relation, column)
  if (added) return `the migration itself adds ${quoted(column)}: say what it holds where it is added, and add it NOT NULL`
  if (known?.nullable === false) return `${quoted(column)} is NOT NULL already`
  if (known?.generated !== undefined) return `${quoted(column)} is generated, and cannot be written`
  const unknown = value.reads.find((read) => columnOf(relation, read) === undefined)
  if (unknown !== undefined) return `${quoted(unknown)} is no more where the statement stands`
  const reason = whyNoTriggers(relation, [column]) ?? whyMoving([column, ...value.reads], key, others)
  return reason ?? whyNoWalk(workOf(key, column, value), { relation, changes: [column], catalog: judged.before })
}

function workOf(table: string, column: string, { value }: UpDown): Work {
  const where = `${quoted(column)} IS NULL AND ${value} IS NOT NULL`
  return { kind: 'update', relation: table, set: `${quoted(column)} = ${value}`, where, falsifies: true, inStep: true }
}

interface Place {
  readonly judged: readonly Judged<PgNode>[]
  readonly at: number
  readonly options: RewriteOptions
}

function rewrite(required: Required, { judged, at, options }: Place): Rewritten | undefined {
  const { target, column, name, value } = required
  const { key: table, relation } = target
  const { before } = required.judged
  const words = { id: `fill-${column}`, title: `fill the NULLs of ${table}.${quoted(column)}`, undo: { kind: 'free' } } as const
  const fill = backfillStep(words, workOf(table, column, value), { relation, changes: [column], catalog: before })
  if (fill === undefined) return undefined
  const triggers = syncTriggers({
    table,
    relation,
    catalog: before,
    syncs: [],
    fills: [{ column, value: value.value, when: 'writes' }],
  })
  const required18 = { table, relation, column, ...present({ name }) }
  const drafts: readonly DraftStep[] = [expandDraft(required, triggers), fill, ...notNullDrafts(required18, before)]
  const after = catalogAfter(
    drafts.flatMap((draft) => (draft.kind === 'draft' ? draft.sql : [])),
    before,
  )
  const where = `${quoted(column)} IS NULL AND ${value.value} IS NULL`
  return {
    takes: 1,
    gives: true,
    steps: writeSteps(drafts, before, options),
    checks: checksAt(
      { judged, at, options, reads: [{ relation: table, columns: [column, ...value.reads] }] },
      valueCheck({ table, relation, column, where }),
    ),
    later: {
      gates: [unaidedGate({ table, columns: [column], counter: triggers.counter })],
      steps: writeSteps([contractDraft(required, triggers)], after, options),
      doubled: [],
      filled: [{ relation: table, columns: [column] }],
    },
  }
}

/** In the transaction the server says too whether the value fits the column, while nothing has been changed. */
function expandDraft({ target: { key: table }, column, value }: Required, triggers: SyncTriggers): Draft {
  return {
    kind: 'draft',
    id: `fill-null-${column}`,
    title: `put a value in the place of each NULL that is written to ${table}.${quoted(column)}, by a trigger`,
    phase: 'expand',
    sql: [`EXPLAIN UPDATE ${table} SET ${quoted(column)} = ${value.value}`, ...triggers.create],
    undo: cleanup(...triggers.drop),
  }
}

function contractDraft({ target: { key: table }, column }: Required, triggers: SyncTriggers): Draft {
  return {
    kind: 'draft',
    id: `release-${column}`,
    title: `drop the trigger that fills ${table}.${quoted(column)}`,
    phase: 'contract',
    sql: triggers.drop,
    undo: { kind: 'forward-only', why: `a NULL that is written to ${quoted(column)} is an error from here on` },
  }
}
