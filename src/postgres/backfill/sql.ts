import type { Chunk } from '../../model/backfill.ts'
import type { StepKey } from '../../model/journal.ts'
import { postgresDialect } from '../quote.ts'

export const { literal } = postgresDialect

export function json(value: unknown): string {
  return value === null || value === undefined ? 'null::jsonb' : `${literal(JSON.stringify(value))}::jsonb`
}

/** The row of a backfill, as a condition on alias b. */
export function isKey({ project, migration, step }: StepKey): string {
  return `b.project = ${literal(project)} and b.migration = ${literal(migration)} and b.step = ${literal(step)}`
}

export function until(ms: number): string {
  return `clock_timestamp() + interval '${Math.ceil(ms)} ms'`
}

/** Name of a table as it is called now; the oid alone survives a rename. */
export const nameOf = (oid: string): string =>
  `(select format('%I.%I', of_schema.nspname, of_class.relname) from pg_catalog.pg_class of_class join pg_catalog.pg_namespace of_schema on of_schema.oid = of_class.relnamespace where of_class.oid = ${oid})`

/** One that failed asks its workers to stop, whatever was wanted of it. */
export const wantedNow = `case when b.failure is null then b.wanted else 'cancel' end`

/**
 * The lease, and a table that is still called what it was when it was leased: another one may have its name by now. Within the change the
 * table is locked, and keeps its name until the commit.
 */
export const isMine = ({ chunk }: { readonly chunk: Chunk }): string =>
  `c.id = ${chunk.id} and c.fence = ${chunk.fence} and to_regclass(${literal(chunk.relation)}) = c.relation`
