import type { Column, Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Work } from '../../model/plan.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { differs } from '../in-step.ts'
import { findRelation, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { backfillStep } from '../rewrites/_backfill.ts'
import { catalogAfter, cleanupAtOnce, writeSteps, type Draft } from '../rewrites/_step.ts'
import { columnOf, isOldTable } from '../rewrites/_target.ts'
import { copiedIndexes, copyClause } from './_copies.ts'
import { backfilledGate, inStepGate, nothingNames, unusedGate, viewsOn } from './_gates.ts'
import { safely } from './_safely.ts'
import { syncTriggers, type SyncTriggers } from './_sync.ts'

const { name: quoted } = postgresDialect

/** The contract drops the second column and gives the first its name, so that place, indexes, constraints and grants stay (H19). */
export const renameColumn: Rewrite<PgNode> = {
  id: 'rename-column',
  why: 'A rename takes effect at once, and one of the two applications does not know the name. With a second column, kept in step by a trigger, each finds its own until the old one is gone.',
  source: 'https://www.postgresql.org/docs/current/sql-altertable.html#SQL-ALTERTABLE-DESC-RENAME; measured: pgfacts D',
  match(judged, at, options) {
    const target = targetOf(judged[at])
    if (target !== undefined && options.versions !== undefined) return rewriteByViews(target, options)
    return target === undefined || whyNotFor(target) !== undefined ? undefined : rewrite(target, options)
  },
  whyNot(judged, at) {
    const target = targetOf(judged[at])
    return target === undefined ? undefined : whyNotFor(target)
  },
}

interface Target {
  readonly judged: Judged<PgNode>
  /** Canonical name. */
  readonly table: string
  readonly relation: Relation
  readonly column: Column
  readonly to: string
}

function targetOf(judged: Judged<PgNode> | undefined): Target | undefined {
  if (judged === undefined || !('RenameStmt' in judged.statement.node)) return undefined
  const { renameType, relation: range, subname = '', newname = '' } = judged.statement.node.RenameStmt
  if (renameType !== 'OBJECT_COLUMN' || range === undefined) return undefined
  const relation = findRelation(range, judged.before)
  const column = columnOf(relation, subname)
  if (relation === undefined || column === undefined || !isOldTable(relation)) return undefined
  return { judged, table: relationKey(range, judged.before), relation, column, to: newname }
}

function whyNotFor({ relation, column, to }: Target): string | undefined {
  if (columnOf(relation, to) !== undefined) return `there is a column ${quoted(to)} already`
  if (column.generated !== undefined) return 'a generated column cannot be written by a trigger'
  if (
    relation.kind === 'table' &&
    (relation.children.length > 0 || (relation.partitionOf !== undefined && relation.partitionBound === undefined))
  )
    return 'a trigger does not come with a table to those that inherit from it'
  if (relation.kind === 'partitioned' && (relation.partitionKey ?? [undefined]).some((key) => key === undefined || key === column.name))
    return 'a trigger cannot change a column that decides in which partition the row is'
  return undefined
}

function rewrite(target: Target, options: RewriteOptions): Rewritten | undefined {
  const { judged, table, relation, column, to } = target
  const { before } = judged
  const [old, fresh] = [quoted(column.name), quoted(to)]
  const sync = { old: [{ column: column.name, value: fresh }], new: [{ column: to, value: old }] }
  const wide = { ...relation, columns: [...relation.columns, { name: to, type: column.type, nullable: true }] }
  const triggers = syncTriggers({ table, relation: wide, catalog: before, syncs: [sync] })
  const expand = expandDraft(target, triggers)
  const expanded = catalogAfter(expand.sql, before)
  const where = `${fresh} IS NULL AND ${old} IS NOT NULL`
  const fill = fillStep({ table, set: `${fresh} = ${old}`, where, to }, expanded)
  const copies = copiedIndexes({ table, relation, from: column.name, to, catalog: expanded })
  const indexes = copies === undefined ? undefined : safely(copies.map(indexDraft), expanded, options)
  if (fill === undefined || indexes === undefined) return undefined
  const gone = { table, relation, column: column.name }
  return {
    takes: 1,
    steps: [...writeSteps([expand, fill], before, options), ...indexes.steps],
    checks: [],
    later: {
      gates: [
        backfilledGate(table, [to], where),
        inStepGate(table, relation, differs([old], [fresh])),
        nothingNames(gone),
        unusedGate(gone, triggers),
      ],
      steps: writeSteps([contractDraft(target, triggers)], indexes.after, options),
      doubled: [{ relation: table, columns: [column.name, to] }],
    },
  }
}

/** Column and triggers in one short transaction: no row is ever written without the second column. */
function expandDraft({ table, column, to }: Target, triggers: SyncTriggers): Draft {
  return {
    kind: 'draft',
    id: `add-${to}`,
    title: `add ${quoted(to)} to ${table} beside ${quoted(column.name)}, kept in step by a trigger`,
    phase: 'expand',
    sql: [`ALTER TABLE ${table} ADD COLUMN ${copyClause(to, column)}`, ...triggers.create],
    undo: cleanupAtOnce(...triggers.drop, `ALTER TABLE ${table} DROP COLUMN IF EXISTS ${quoted(to)}`),
  }
}

interface Fill {
  readonly table: string
  readonly set: string
  readonly where: string
  readonly to: string
}

function fillStep({ table, set, where, to }: Fill, catalog: Parameters<typeof catalogAfter>[1]) {
  const relation = catalog.relations.get(table)
  if (relation === undefined) return undefined
  const work: Work = { kind: 'update', relation: table, set, where, falsifies: true, inStep: true }
  const words = { id: `fill-${to}`, title: `fill ${quoted(to)} of ${table}`, undo: { kind: 'free' } } as const
  return backfillStep(words, work, { relation, changes: [to], catalog })
}

function indexDraft(sql: string): Omit<Draft, 'kind'> {
  return { id: 'copy-index', title: 'build the index once more', phase: 'expand', sql: [sql], undo: { kind: 'free' } }
}

/** The second column takes its indexes with it. */
function contractDraft({ table, column, to }: Target, triggers: SyncTriggers): Draft {
  return {
    kind: 'draft',
    id: `rename-${column.name}`,
    title: `drop the second column and rename ${quoted(column.name)} of ${table} to ${quoted(to)}`,
    phase: 'contract',
    sql: [
      ...triggers.drop.filter((sql) => sql.startsWith('DROP TRIGGER')),
      `ALTER TABLE ${table} DROP COLUMN ${quoted(to)}`,
      `ALTER TABLE ${table} RENAME COLUMN ${quoted(column.name)} TO ${quoted(to)}`,
      ...triggers.drop.filter((sql) => !sql.startsWith('DROP TRIGGER')),
    ],
    undo: { kind: 'forward-only', why: `the application that says ${quoted(column.name)} fails from here on` },
  }
}

/** Where each version has views of its own, theirs have the new name at once, and no second column is needed. */
function rewriteByViews({ judged: { before }, table, relation, column, to }: Target, options: RewriteOptions): Rewritten | undefined {
  if (columnOf(relation, to) !== undefined) return undefined
  const gone = { table, relation, column: column.name }
  const contract: Draft = {
    kind: 'draft',
    id: `rename-${column.name}`,
    title: `rename ${quoted(column.name)} of ${table} to ${quoted(to)}`,
    phase: 'contract',
    sql: [`ALTER TABLE ${table} RENAME COLUMN ${quoted(column.name)} TO ${quoted(to)}`],
    undo: { kind: 'forward-only', why: `who says ${quoted(column.name)} of ${table} itself fails from here on` },
  }
  return {
    takes: 1,
    steps: [],
    checks: [],
    later: {
      gates: [nothingNames(gone), unusedGate(gone, viewsOn(table, options))],
      steps: writeSteps([contract], before, options),
      doubled: [{ relation: table, columns: [column.name, to] }],
    },
  }
}
