import { LockkeeperError } from '../model/errors.ts'
import type { DataCheck, PlannedMigration } from '../model/plan.ts'
import type { Row } from '../model/session.ts'
import type { Connections } from './connections.ts'

interface Context {
  readonly connections: Connections
  readonly signal: AbortSignal
}

/**
 * Looks for data that would make a later step fail, before anything runs: what the ORM would have run in one transaction
 * becomes several, and a failure in the middle helps nobody. Only reads; blocks no one. Throws `data-check-failed`.
 */
export async function runDataChecks(migrations: readonly PlannedMigration[], before: DataCheck['before'], context: Context): Promise<void> {
  for (const migration of migrations) {
    for (const check of migration.checks) if (check.before === before) await runCheck(migration, check, context)
  }
}

async function runCheck(migration: PlannedMigration, check: DataCheck, { connections, signal }: Context): Promise<void> {
  const rows = await connections.work.query(check.sql, [], { signal })
  if (rows.length === 0) return
  const shown = rows.slice(0, 3).map(inWords).join('; ')
  throw new LockkeeperError('data-check-failed', `${migration.id}: ${check.failure}: ${shown}`, {
    hint: check.hint,
    details: { migration: migration.id, check: check.id, rows: rows.slice(0, 10) },
  })
}

function inWords(row: Row): string {
  return Object.entries(row)
    .map(([column, value]) => `${column} = ${String(value).slice(0, 60)}`)
    .join(', ')
}
