import type { Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite, RewriteOptions, Rewritten } from '../../model/rewrite.ts'
import { relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { catalogAfter, cleanup, writeSteps, type Draft } from '../rewrites/_step.ts'
import { isOldTable } from '../rewrites/_target.ts'
import { nothingDepends, nothingNames, unusedGate, viewsOn } from './_gates.ts'
import { viewOf, whyNoView } from './_views.ts'

const { name: quoted } = postgresDialect

/** A view of the new name until the old application is gone (H19). */
export const renameTable: Rewrite<PgNode> = {
  id: 'rename-table',
  why: 'A rename takes effect at once, and one of the two applications does not know the name. With a view of the new name each finds the rows under its own; a simple view takes writes too.',
  source: 'https://www.postgresql.org/docs/current/sql-createview.html#SQL-CREATEVIEW-UPDATABLE-VIEWS',
  match(judged, at, options) {
    const target = targetOf(judged[at])
    if (target === undefined || whyNotFor(target) !== undefined) return undefined
    return options.versions === undefined ? rewrite(target, options) : rewriteByViews(target, options)
  },
  whyNot(judged, at) {
    const target = targetOf(judged[at])
    return target === undefined ? undefined : whyNotFor(target)
  },
}

interface Target {
  readonly judged: Judged<PgNode>
  /** Canonical names. */
  readonly table: string
  readonly view: string
  readonly relation: Relation
  readonly to: string
}

function targetOf(judged: Judged<PgNode> | undefined): Target | undefined {
  if (judged === undefined || !('RenameStmt' in judged.statement.node)) return undefined
  const { renameType, relation: range, newname = '' } = judged.statement.node.RenameStmt
  if (renameType !== 'OBJECT_TABLE' || range === undefined) return undefined
  const table = relationKey(range, judged.before)
  const relation = judged.before.relations.get(table)
  if (relation === undefined || !isOldTable(relation)) return undefined
  return { judged, table, relation, to: newname, view: quoted(relation.schema, newname) }
}

function whyNotFor({ judged: { before }, view, relation }: Target): string | undefined {
  if (before.relations.has(view)) return `there is a ${view} already`
  return whyNoView(relation, before)
}

function rewrite({ judged: { before }, table, view, relation, to }: Target, options: RewriteOptions): Rewritten {
  const expand: Draft = {
    kind: 'draft',
    id: `view-${to}`,
    title: `make the view ${view} of ${table} for the new application`,
    phase: 'expand',
    sql: viewOf({ view, table, relation }, before),
    undo: cleanup(`DROP VIEW IF EXISTS ${view}`),
  }
  const contract: Draft = {
    kind: 'draft',
    id: `rename-${relation.name}`,
    title: `drop the view ${view} and rename ${table} to ${quoted(to)}`,
    phase: 'contract',
    sql: [`DROP VIEW ${view}`, `ALTER TABLE ${table} RENAME TO ${quoted(to)}`],
    undo: { kind: 'forward-only', why: `the application that says ${quoted(relation.name)} fails from here on` },
  }
  const after = catalogAfter(expand.sql, before)
  const made = after.relations.get(view)
  return {
    takes: 1,
    steps: writeSteps([expand], before, options),
    checks: [],
    later: {
      gates: [
        nothingNames({ table, relation }),
        ...(made === undefined ? [] : [nothingDepends({ table: view, relation: made })]),
        unusedGate({ table, relation }),
      ],
      steps: writeSteps([contract], after, options),
      doubled: [{ relation: table }, { relation: view }],
    },
  }
}

/** Where each version has views of its own, theirs have the new name at once. */
function rewriteByViews({ judged: { before }, table, view, relation, to }: Target, options: RewriteOptions): Rewritten {
  const contract: Draft = {
    kind: 'draft',
    id: `rename-${relation.name}`,
    title: `rename ${table} to ${quoted(to)}`,
    phase: 'contract',
    sql: [`ALTER TABLE ${table} RENAME TO ${quoted(to)}`],
    undo: { kind: 'forward-only', why: `who says ${quoted(relation.schema, relation.name)} fails from here on` },
  }
  return {
    takes: 1,
    steps: [],
    checks: [],
    later: {
      gates: [nothingNames({ table, relation }), unusedGate({ table, relation }, viewsOn(table, options))],
      steps: writeSteps([contract], before, options),
      doubled: [{ relation: table }, { relation: view }],
      follows: true,
    },
  }
}
