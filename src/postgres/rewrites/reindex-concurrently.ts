import type { Catalog, Index, Relation } from '../../model/catalog.ts'
import type { Probe } from '../../model/plan.ts'
import type { Judged } from '../../model/hazard.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { makeObjectName } from '../../std/object-name.ts'
import { optionOf } from '../tree.ts'
import { findIndex, findRelation, relationKey } from '../names.ts'
import type { PgNode, ReindexStmt } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { insertAt, sourceOf, wordAt } from '../source.ts'
import { free, writeSteps, type Draft } from './_step.ts'
import { onlyAction } from './_target.ts'

const { name: quoted, literal } = postgresDialect

/** Also for one that the user already wrote with CONCURRENTLY, since a failed one leaves indexes behind. */
export const reindexConcurrently: Rewrite<PgNode> = {
  id: 'reindex-concurrently',
  why: 'REINDEX holds SHARE on the table and ACCESS EXCLUSIVE on the index, so writes wait, and reads that plan to use it. CONCURRENTLY builds a second one beside it and swaps.',
  source: 'https://www.postgresql.org/docs/current/sql-reindex.html#SQL-REINDEX-CONCURRENTLY',
  match(judged, at, options) {
    const current = judged[at]
    const moved = current === undefined ? undefined : movedIndex(current)
    if (current !== undefined && moved !== undefined && current.before.server.version >= 14)
      return { takes: 1, steps: writeSteps([moveDraft(moved)], current.before, options), checks: [] }
    if (current === undefined || !('ReindexStmt' in current.statement.node)) return undefined
    const found = rebuilt(current.statement.node.ReindexStmt, current.before)
    const sql = found === undefined ? undefined : concurrentText(current.statement.sql, current.statement.node.ReindexStmt)
    if (found === undefined || sql === undefined) return undefined
    return { takes: 1, steps: writeSteps([reindexDraft(sql, found)], current.before, options), checks: [] }
  },
  whyNot(judged, at) {
    const current = judged[at]
    const moved = current === undefined ? undefined : movedIndex(current)
    if (current === undefined || moved === undefined || current.before.server.version >= 14) return undefined
    return 'REINDEX can move an index from 14 on; before that, build a second one in the tablespace, drop the first and rename the second'
  },
}

interface Moved extends Rebuilt {
  readonly tablespace: string
}

/** ALTER INDEX ... SET TABLESPACE, which copies the index while nobody can plan a query of its table. */
function movedIndex({ statement: { node }, before }: Judged<PgNode>): Moved | undefined {
  const action = onlyAction(node)
  if (!('AlterTableStmt' in node) || node.AlterTableStmt.objtype !== 'OBJECT_INDEX' || action?.subtype !== 'AT_SetTableSpace')
    return undefined
  const found = usable(byIndex(node.AlterTableStmt, before))
  return found === undefined || action.name === undefined ? undefined : { ...found, tablespace: action.name }
}

function moveDraft(moved: Moved): Draft {
  const [index] = moved.indexes
  const name = quoted(moved.relation.schema, index?.name ?? '')
  return {
    ...reindexDraft(`REINDEX (TABLESPACE ${quoted(moved.tablespace)}) INDEX CONCURRENTLY ${name}`, moved),
    title: `move index ${name} to tablespace ${quoted(moved.tablespace)} without blocking anyone`,
    undo: { kind: 'forward-only', why: `where index ${name} was before is not kept` },
  }
}

interface Rebuilt {
  readonly table: string
  readonly relation: Relation
  readonly indexes: readonly Index[]
}

function rebuilt(node: ReindexStmt, catalog: Catalog): Rebuilt | undefined {
  const found =
    node.kind === 'REINDEX_OBJECT_INDEX'
      ? byIndex(node, catalog)
      : node.kind === 'REINDEX_OBJECT_TABLE'
        ? byTable(node, catalog)
        : undefined
  return usable(found)
}

// An exclusion constraint's index cannot be rebuilt concurrently, and REINDEX TABLE CONCURRENTLY passes it over.
function usable(found: Rebuilt | undefined): Rebuilt | undefined {
  if (
    found === undefined ||
    found.indexes.length === 0 ||
    found.relation.isNew ||
    !['table', 'materialized-view'].includes(found.relation.kind)
  )
    return undefined
  const excluded = found.relation.constraints.filter(({ kind }) => kind === 'exclude').map(({ name }) => name)
  return found.indexes.some(({ name }) => excluded.includes(name)) ? undefined : found
}

function byIndex(node: Pick<ReindexStmt, 'relation'>, catalog: Catalog): Rebuilt | undefined {
  const place = findIndex(node.relation ?? [], catalog)
  const relation = place === undefined ? undefined : catalog.relations.get(place.relation)
  if (place === undefined || relation === undefined) return undefined
  return { table: place.relation, relation, indexes: relation.indexes.filter(({ name }) => name === place.name) }
}

function byTable(node: ReindexStmt, catalog: Catalog): Rebuilt | undefined {
  const relation = findRelation(node.relation ?? [], catalog)
  return relation === undefined ? undefined : { table: relationKey(node.relation ?? [], catalog), relation, indexes: relation.indexes }
}

function concurrentText(sql: string, node: ReindexStmt): string | undefined {
  if (optionOf(node.params, 'concurrently') !== undefined) return sql
  const source = sourceOf({ sql })
  const word = wordAt(source, node.kind === 'REINDEX_OBJECT_INDEX' ? 'index' : 'table')
  const place = word === undefined ? undefined : source.tokens[word]?.end
  return place === undefined ? undefined : insertAt(sql, place, ' CONCURRENTLY')
}

function reindexDraft(sql: string, found: Rebuilt): Draft {
  const only = found.indexes.length === 1 ? found.indexes[0] : undefined
  const what = only === undefined ? `the indexes of ${found.table}` : `index ${quoted(found.relation.schema, only.name)}`
  return {
    kind: 'draft',
    id: `rebuild-${only?.name ?? found.relation.name}`,
    title: `rebuild ${what} without blocking writes`,
    phase: 'expand',
    sql: [sql],
    undo: free,
    probe: probe(found),
  }
}

// A failed one leaves NAME_ccnew (or NAME_ccold) INVALID; the one that was there before stays in use. A rebuilt index has another OID.
function probe({ relation, indexes }: Rebuilt): Probe {
  const kept = new Set(relation.indexes.filter(({ valid }) => valid).map(({ name }) => name))
  const made = indexes.flatMap(({ name }) => ['ccnew', 'ccold'].map((label) => makeObjectName(name, undefined, label)))
  const leftovers = made.filter((name) => !kept.has(name)).map((name) => quoted(relation.schema, name))
  const oids = indexes.flatMap(({ oid }) => (oid === undefined ? [] : [oid]))
  const rebuiltAll = oids.length === 0 ? 'false' : `NOT EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid IN (${oids.join(', ')}))`
  const sql = `
SELECT CASE
  WHEN EXISTS (
    SELECT FROM pg_catalog.pg_index i WHERE NOT i.indisvalid
    AND i.indexrelid IN (${leftovers.map((name) => `pg_catalog.to_regclass(${literal(name)})`).join(', ')})
  ) THEN 'leftover'
  WHEN ${rebuiltAll} THEN 'done'
  ELSE 'absent'
END AS state`.trim()
  return { sql, cleanup: leftovers.map((name) => `DROP INDEX CONCURRENTLY IF EXISTS ${name}`) }
}
