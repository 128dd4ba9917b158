import type { Relation } from '../../model/catalog.ts'
import type { BackfillStep, Undo, Walk, Work } from '../../model/plan.ts'
import { postgresDialect } from '../quote.ts'
import { columnOf, primaryKeyOf } from './_target.ts'

export interface BackfillWords {
  readonly id: string
  readonly title: string
  readonly undo: Undo
}

/** A step that does the work batch by batch; undefined where the table offers no safe way to walk it (H7). */
export function backfillStep(
  words: BackfillWords,
  work: Work,
  how: { readonly relation: Relation; readonly changes: readonly string[] },
): BackfillStep | undefined {
  const walk = walkOf(work, how.relation, how.changes)
  if (walk === undefined) return undefined
  return { kind: 'backfill', ...words, phase: 'backfill', hazards: [], work, walk, batchTargetMs }
}

/** Batches of 10 to 20 ms cost the application nothing, longer ones show in its latency (measured: pgfacts B). */
const batchTargetMs = 15

function walkOf(work: Work, relation: Relation, changes: readonly string[]): Walk | undefined {
  const key = walkableKey(relation, changes)
  if (key !== undefined) return key
  return work.falsifies && relation.kind === 'table' && relation.children.length === 0 ? { by: 'pages' } : undefined
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
}

/** Fills NULLs of a column with its own DEFAULT, which the server works out for each row. */
export function fillWithDefault(words: BackfillWords, { table, relation, column }: ColumnPlace): BackfillStep | undefined {
  const name = postgresDialect.name(column)
  const work: Work = { kind: 'update', relation: table, set: `${name} = DEFAULT`, where: `${name} IS NULL`, falsifies: true }
  return backfillStep(words, work, { relation, changes: [column] })
}
