import { adapters } from '../adapters/index.ts'
import type { History } from '../model/adapter.ts'
import type { StoredMigration } from '../model/journal.ts'

/** The history of the ORM that a migration came from, by what the journal stored: no file is needed (H2). */
export function storedHistory({ source, ledger }: StoredMigration, schema: string): History | undefined {
  const named = ledger === undefined ? {} : { historySchema: ledger.schema, historyTable: ledger.table }
  return adapters.find((adapter) => adapter.id === source)?.history?.({ source, path: '.', ...named }, schema)
}
