import type { Read } from '../model/adapter.ts'
import type { Assumption, Migration } from '../model/migration.ts'

/**
 * The first read of the catalog that a recorded migration made and that this database answers otherwise: its SQL was decided on another schema
 * than this one. Undefined where all hold, and for migrations that are SQL. Ask just before the migration, for earlier ones count.
 */
export async function brokenAssumption(read: Read, migration: Migration): Promise<Assumption | undefined> {
  if (migration.body.kind === 'sql') return undefined
  for (const assumption of migration.body.assumptions) {
    const rows = await read(assumption.sql, assumption.parameters)
    if (
      !holds(
        assumption.rows,
        rows.filter((row) => !isOurs(row)),
      )
    )
      return assumption
  }
  return undefined
}

/** Our journal stands in the database that is migrated, and in no sandbox: a listing of all tables tells of it. */
function isOurs(row: { readonly [column: string]: unknown }): boolean {
  return Object.entries(row).some(([column, value]) => value === 'lockkeeper' && /schema|^nspname$/i.test(column))
}

/** As many rows, and for each assumed one another that has its fields; the order of rows without ORDER BY says nothing. */
function holds(assumed: readonly unknown[], rows: readonly { readonly [column: string]: unknown }[]): boolean {
  if (assumed.length !== rows.length) return false
  const left = [...rows]
  return assumed.every((row) => {
    const at = left.findIndex((candidate) => fits(row, candidate))
    if (at >= 0) left.splice(at, 1)
    return at >= 0
  })
}

function fits(assumed: unknown, row: { readonly [column: string]: unknown }): boolean {
  return Object.entries(assumed as object).every(([key, value]) => plain(row[key]) === plain(value))
}

/** Drivers differ in the type that they give to a bigint or an array. */
function plain(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' || typeof inner === 'number' ? String(inner) : inner)) ?? ''
  )
}
