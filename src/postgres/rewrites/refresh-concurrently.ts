import type { Relation } from '../../model/catalog.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { findRelation, relationKey } from '../names.ts'
import type { PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { insertAt, sourceOf, wordAt } from '../source.ts'
import { checksAt, type CheckText } from './_checks.ts'
import { free, writeSteps, type Draft } from './_step.ts'

/** Needs a unique index by which the server can tell the rows apart. */
export const refreshConcurrently: Rewrite<PgNode> = {
  id: 'refresh-concurrently',
  why: 'REFRESH MATERIALIZED VIEW fills the view under ACCESS EXCLUSIVE, so its readers wait. CONCURRENTLY makes the new rows beside it and changes only what differs, while the old ones are read.',
  source: 'https://www.postgresql.org/docs/current/sql-refreshmaterializedview.html; measured on 13 to 18',
  match(judged, at, options) {
    const current = judged[at]
    const found = current === undefined ? undefined : refreshed(current)
    const sql = found === undefined || current === undefined ? undefined : concurrentText(current.statement.sql)
    if (current === undefined || found === undefined || sql === undefined || !hasKey(found.relation)) return undefined
    const checks = checksAt({ judged, at, options, reads: [{ relation: found.view, columns: [] }] }, populatedCheck(found.view))
    return { takes: 1, steps: writeSteps([refreshDraft(sql, found.view)], current.before, options), checks }
  },
  whyNot(judged, at) {
    const current = judged[at]
    const found = current === undefined ? undefined : refreshed(current)
    if (found === undefined || hasKey(found.relation)) return undefined
    return `${found.view} has no unique index on plain columns and all rows; make one first (CREATE UNIQUE INDEX ON ${found.view} (...))`
  },
}

interface Refreshed {
  readonly view: string
  readonly relation: Relation
}

/** An existing view that is to be filled while nobody can read it. */
function refreshed({ statement: { node }, before }: Judged<PgNode>): Refreshed | undefined {
  if (!('RefreshMatViewStmt' in node)) return undefined
  const { relation: range, concurrent, skipData } = node.RefreshMatViewStmt
  const relation = findRelation(range ?? {}, before)
  if (relation?.kind !== 'materialized-view' || relation.isNew || concurrent === true || skipData === true) return undefined
  return { view: relationKey(range ?? {}, before), relation }
}

function hasKey({ indexes }: Relation): boolean {
  return indexes.some(({ unique, valid, partial, columns }) => unique && valid && !partial && !columns.includes(undefined))
}

function concurrentText(sql: string): string | undefined {
  const source = sourceOf({ sql })
  const word = wordAt(source, 'view')
  const place = word === undefined ? undefined : source.tokens[word]?.end
  return place === undefined ? undefined : insertAt(sql, place, ' CONCURRENTLY')
}

function refreshDraft(sql: string, view: string): Draft {
  return {
    kind: 'draft',
    id: `refresh-${view}`,
    title: `fill materialized view ${view} anew while it is read`,
    phase: 'expand',
    sql: [sql],
    undo: free,
  }
}

/** The server cannot fill a view concurrently for the first time; nobody can read it until then. */
function populatedCheck(view: string): CheckText {
  return {
    id: `populated-${view}`,
    title: `${view} has been filled before`,
    sql: `SELECT oid::regclass AS ${postgresDialect.name('view')} FROM pg_catalog.pg_class WHERE oid = pg_catalog.to_regclass(${postgresDialect.literal(view)}) AND NOT relispopulated`,
    failure: `${view} has never been filled`,
    hint: `Fill it once by hand: REFRESH MATERIALIZED VIEW ${view}. Nobody can read it yet, so nobody waits.`,
  }
}
