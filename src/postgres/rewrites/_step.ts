import type { Catalog } from '../../model/catalog.ts'
import type { TableLock } from '../../model/facts.ts'
import type { Phase, Probe, SqlStep, Step, Undo } from '../../model/plan.ts'
import type { RewriteOptions } from '../../model/rewrite.ts'
import { facts } from '../facts.ts'
import { strongest } from '../facts/effect.ts'
import { parse } from '../parse.ts'
import { simulate } from '../simulate.ts'

/** What a rewrite says of a step of SQL; locks, timeouts and transaction follow from the text itself. */
export interface Draft {
  readonly kind: 'draft'
  /** Words in kebab case; the planner numbers them. */
  readonly id: string
  readonly title: string
  readonly phase: Phase
  readonly sql: readonly string[]
  readonly undo: Undo
  readonly probe?: Probe
}

export type DraftStep = Draft | Exclude<Step, SqlStep>

type Limits = Pick<RewriteOptions, 'lockBudgetMs' | 'statementTimeoutMs'>

/** The drafts as steps, each judged on the catalog that the earlier ones leave. */
export function writeSteps(drafts: readonly DraftStep[], before: Catalog, options: Limits): readonly Step[] {
  let catalog = before
  return drafts.map((draft) => {
    if (draft.kind !== 'draft') return draft
    const effect = effectOf(draft.sql, catalog)
    catalog = effect.after
    return stepOf(draft, effect, options)
  })
}

/** The catalog after these texts. */
export function catalogAfter(sql: readonly string[], before: Catalog): Catalog {
  return statementsOf(sql).reduce((catalog, statement) => simulate(statement, catalog), before)
}

/**
 * One step. Its locks are the facts of its own text, parsed again, so they are never written by hand. What makes someone wait
 * gets the lock budget and a short timeout; what blocks nobody (VALIDATE, CONCURRENTLY) gets neither, since they only leave it half done.
 */
export function sqlStep(draft: Draft, before: Catalog, options: Limits): SqlStep {
  return stepOf(draft, effectOf(draft.sql, before), options)
}

function stepOf(draft: Draft, effect: TextEffect, options: Limits): SqlStep {
  // CONCURRENTLY takes its strong locks at the end and for an instant; a timeout would only leave it half done.
  const blocks = effect.transaction && effect.locks.some(blocksAnyone)
  return {
    ...draft,
    kind: 'sql',
    session: [],
    transaction: effect.transaction,
    locks: effect.locks,
    lockTimeoutMs: blocks ? options.lockBudgetMs : 0,
    statementTimeoutMs: blocks ? options.statementTimeoutMs : 0,
    waitsForSnapshots: effect.waitsForSnapshots,
    hazards: [],
  }
}

interface TextEffect {
  readonly locks: readonly TableLock[]
  readonly transaction: boolean
  readonly waitsForSnapshots: boolean
  readonly after: Catalog
}

function effectOf(sql: readonly string[], before: Catalog): TextEffect {
  let catalog = before
  const all = statementsOf(sql).map((statement) => {
    const found = facts(statement, catalog)
    catalog = simulate(statement, catalog)
    return found
  })
  return {
    locks: strongest(all.flatMap(({ locks }) => locks)).filter(
      (lock) => isFelt(lock) && !isOurs(lock) && catalog.relations.get(lock.relation)?.isNew !== true,
    ),
    transaction: all.every(({ transaction }) => transaction === 'allowed'),
    waitsForSnapshots: all.some(({ waitsFor }) => waitsFor.includes('older-snapshots')),
    after: catalog,
  }
}

function statementsOf(sql: readonly string[]) {
  return sql.flatMap((text) => parse(Buffer.from(text, 'utf8')))
}

// Nobody waits for what stands in our own schema.
function isOurs({ relation }: TableLock): boolean {
  return relation.startsWith('lockkeeper.')
}

/** Whether plain reads or writes would wait behind it. */
function blocksAnyone(lock: TableLock): boolean {
  return lock.blocksReads || lock.blocksWrites
}

// ACCESS SHARE, ROW SHARE and ROW EXCLUSIVE are what the application takes all day: nobody waits behind them but other DDL.
function isFelt({ mode }: TableLock): boolean {
  return mode !== 'ACCESS SHARE' && mode !== 'ROW SHARE' && mode !== 'ROW EXCLUSIVE'
}

/** Taken back by these statements. */
export function cleanup(...sql: readonly string[]): Undo {
  return { kind: 'cleanup', sql }
}

/** Taken back in one transaction: a column that was filled by a trigger must not outlive it, or each write fails that leaves it out. */
export function cleanupAtOnce(...sql: readonly string[]): Undo {
  return { kind: 'cleanup', sql: [sql.join('; ')] }
}

export const free: Undo = { kind: 'free' }
