import type { Catalog, Relation } from '../../model/catalog.ts'
import type { BackfillStep, Undo, Walk, Work } from '../../model/plan.ts'
import { withDescendants } from '../facts/relations.ts'
import { postgresDialect } from '../quote.ts'
import { columnOf, primaryKeyOf } from './_target.ts'

export interface BackfillWords {
  readonly id: string
  readonly title: string
  readonly undo: Undo
}

/** What is walked, in the catalog that the step finds, and the columns of it that the work sets. */
export interface Walked {
  readonly relation: Relation
  readonly changes: readonly string[]
  readonly catalog: Catalog
}

/** A step that does the work batch by batch; undefined where the table offers no safe way to walk it (H7). */
export function backfillStep(words: BackfillWords, work: Work, walked: Walked): BackfillStep | undefined {
  const walk = walkOf(work, walked)
  if (walk === undefined) return undefined
  return { kind: 'backfill', ...words, phase: 'backfill', hazards: [], work, walk, batchTargetMs }
}

/** Batches of 10 to 20 ms cost the application nothing, longer ones show in its latency (measured: pgfacts B). */
const batchTargetMs = 15

/**
 * By pages wherever that is safe: each page is read and written once while it is in the cache, and stripes of it leave room for the
 * next ones on the same page (pgfacts B: 1.35 times as fast, 0.6 of the WAL). PostgreSQL 13 has no scan over a range of pages.
 */
function walkOf(work: Work, walked: Walked): Walk | undefined {
  const pages = canGoByPages(work, walked) ? ({ by: 'pages' } as const) : undefined
  const key = walkableKey(walked.relation, walked.changes)
  return walked.catalog.server.version >= 14 ? (pages ?? key) : (key ?? pages)
}

/** Why there is no walk; for whoever reads that the migration is blocked. */
export function whyNoWalk(work: Work, walked: Walked): string | undefined {
  if (walkOf(work, walked) !== undefined) return undefined
  const noKey = `${work.relation} has no key that can be walked in order`
  if (work.kind === 'insert') return `${noKey}, and a row that moves to another page meanwhile would be copied twice, or never`
  return work.falsifies ? `${noKey}, and its partitions cannot be changed one by one` : `${noKey}, and a changed row may match again`
}

/** Only what an update falsifies, since rows move; leaf by leaf, so each leaf must hold rows itself and take the change as the whole would. */
function canGoByPages(work: Work, { relation, changes, catalog }: Walked): boolean {
  if (!work.falsifies || (relation.kind !== 'table' && relation.kind !== 'partitioned')) return false
  return (
    withDescendants(work.relation, catalog)
      .slice(1)
      .every((key) => {
        const leaf = catalog.relations.get(key)
        return (
          (leaf?.kind === 'table' || leaf?.kind === 'partitioned') &&
          changes.every((name) => !mayMove(name, leaf) && hasSameDefault(name, relation, leaf))
        )
      }) && changes.every((name) => !mayMove(name, relation))
  )
}

// An UPDATE of a leaf cannot move a row into another one: it is an error. What an expression in the key mentions is not known.
function mayMove(name: string, { kind, partitionKey }: Relation): boolean {
  return kind === 'partitioned' && (partitionKey === undefined || partitionKey.some((column) => column === undefined || column === name))
}

// SET c = DEFAULT takes the default of the table that is named: a leaf may have its own.
function hasSameDefault(name: string, relation: Relation, leaf: Relation): boolean {
  const [whole, part] = [columnOf(relation, name), columnOf(leaf, name)]
  return whole?.default === part?.default && whole?.identity === part?.identity
}

/** The primary key, else a unique index on columns that are all NOT NULL; never one that the work itself changes. */
function walkableKey(relation: Relation, changes: readonly string[]): Walk | undefined {
  const unique = relation.indexes.filter((index) => index.unique && index.valid && !index.partial && index.method === 'btree')
  const keys = [primaryKeyOf(relation), ...unique.map(keyColumns)]
  const found = keys.find((columns) => columns.length > 0 && columns.every((name) => isWalkable(relation, name) && !changes.includes(name)))
  if (found === undefined) return undefined
  return { by: 'key', columns: found, types: found.map((name) => columnOf(relation, name)?.type ?? '') }
}

// An expression has no column to walk by: such an index gives no key.
function keyColumns({ columns }: Relation['indexes'][number]): readonly string[] {
  const names = columns.filter((name) => name !== undefined)
  return names.length === columns.length ? names : []
}

function isWalkable(relation: Relation, name: string): boolean {
  const column = columnOf(relation, name)
  return column !== undefined && !column.nullable && walkableTypes.test(column.type)
}

/** Types whose text form is read back as the same value, and whose order is total: what a cursor needs. Floats and user types are left out. */
const walkableTypes =
  /^(smallint|integer|bigint|uuid|text|date|numeric(\(.*\))?|character varying(\(.*\))?|timestamp(\(\d\))? with(out)? time zone)$/

export interface ColumnPlace {
  readonly table: string
  readonly relation: Relation
  readonly column: string
  readonly catalog: Catalog
}

/** Fills NULLs of a column with its own DEFAULT, which the server works out for each row. */
export function fillWithDefault(words: BackfillWords, { table, relation, column, catalog }: ColumnPlace): BackfillStep | undefined {
  const name = postgresDialect.name(column)
  const work: Work = { kind: 'update', relation: table, set: `${name} = DEFAULT`, where: `${name} IS NULL`, falsifies: true }
  return backfillStep(words, work, { relation, changes: [column], catalog })
}
