import type { Catalog, Index, Relation } from '../../model/catalog.ts'
import type { Undo } from '../../model/plan.ts'
import type { Rewrite } from '../../model/rewrite.ts'
import { nameParts } from '../tree.ts'
import { findIndex } from '../names.ts'
import type { DropStmt, PgNode } from '../node.ts'
import { postgresDialect } from '../quote.ts'
import { insertAt, sourceOf, wordAt } from '../source.ts'
import { cleanup, writeSteps, type Draft } from './_step.ts'

const { name: quoted, literal } = postgresDialect

/** Each index on its own, since the server takes one name at a time with CONCURRENTLY. Not for an index that a constraint owns, nor a partitioned one. */
export const dropIndexConcurrently: Rewrite<PgNode> = {
  id: 'drop-index-concurrently',
  why: 'DROP INDEX takes ACCESS EXCLUSIVE on the table and queues behind its readers. CONCURRENTLY waits without anyone waiting behind it.',
  source: 'https://www.postgresql.org/docs/current/sql-dropindex.html',
  match(judged, at, options) {
    const current = judged[at]
    if (current === undefined || !('DropStmt' in current.statement.node)) return undefined
    const drop = current.statement.node.DropStmt
    if (drop.removeType !== 'OBJECT_INDEX' || drop.behavior === 'DROP_CASCADE') return undefined
    const found = droppable(drop, current.before)
    if (found === undefined) return undefined
    return { takes: 1, steps: writeSteps(found.map(dropDraft), current.before, options), checks: [] }
  },
}

interface Found {
  readonly table: string
  readonly relation: Relation
  readonly index: Index
}

/** The indexes that are there; undefined where one cannot be dropped concurrently, or is missing and must not be. */
function droppable(drop: DropStmt, catalog: Catalog): readonly Found[] | undefined {
  const all = (drop.objects ?? []).map((object) => foundIndex(object, catalog))
  const found = all.filter((one) => one !== undefined)
  if (found.length < all.length && drop.missing_ok !== true) return undefined
  return found.every(canGo) ? found : undefined
}

function foundIndex(object: PgNode, catalog: Catalog): Found | undefined {
  const place = findIndex(nameParts(object), catalog)
  const relation = place === undefined ? undefined : catalog.relations.get(place.relation)
  const index = relation?.indexes.find(({ name }) => name === place?.name)
  return place === undefined || relation === undefined || index === undefined ? undefined : { table: place.relation, relation, index }
}

function canGo({ relation, index }: Found): boolean {
  return !relation.isNew && index.constraint === undefined && relation.kind !== 'partitioned' && relation.partitionOf === undefined
}

function dropDraft({ table, relation, index }: Found): Draft {
  const canonical = quoted(relation.schema, index.name)
  return {
    kind: 'draft',
    id: `drop-index-${index.name}`,
    title: `drop index ${canonical} of ${table} without blocking anyone`,
    phase: 'contract',
    sql: [`DROP INDEX CONCURRENTLY ${canonical}`],
    undo: undo(index),
    probe: { sql: dropProbe(canonical, index), cleanup: [] },
  }
}

// An interrupted drop leaves the index INVALID; the same statement finishes it. An index of another OID is not the one that was to go (H1).
function dropProbe(canonical: string, { oid }: Index): string {
  const found = `pg_catalog.to_regclass(${literal(canonical)})`
  if (oid === undefined) return `SELECT CASE WHEN ${found} IS NULL THEN 'done' ELSE 'absent' END AS state`
  return `
SELECT CASE
  WHEN EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = ${oid} AND oid = ${found}) THEN 'absent'
  WHEN EXISTS (SELECT FROM pg_catalog.pg_class WHERE oid = ${oid}) THEN 'renamed'
  ELSE 'done'
END AS state`.trim()
}

function undo(index: Index): Undo {
  const source = index.definition === '' ? undefined : sourceOf({ sql: index.definition })
  const word = source === undefined ? undefined : wordAt(source, 'index')
  const place = word === undefined ? undefined : source?.tokens[word]?.end
  if (place === undefined) return { kind: 'forward-only', why: `the definition of index ${index.name} is not known` }
  return cleanup(insertAt(index.definition, place, ' CONCURRENTLY IF NOT EXISTS'))
}
