import { check } from '../src/check/check.ts'
import type { Engine } from '../src/model/engine.ts'
import type { Migration } from '../src/model/migration.ts'

/** Judges scripts without any server, as `check` does where no sandbox can be had; for PostgreSQL 18 alone. */
export function checkPredicted(engine: Engine, scripts: readonly Uint8Array[]): void {
  const pending = scripts.map((bytes, at) => ({ migration: migrationOf(bytes, at), statements: engine.parse(bytes), observed: [] }))
  const catalog = engine.emptyCatalog({ flavor: 'postgresql', version: 18 }, 'public')
  check(engine, pending, { catalog, versions: [18], together: false, today: '2026-01-01', notes: [] })
}

function migrationOf(bytes: Uint8Array, at: number): Migration {
  return {
    id: String(at),
    source: 'prisma',
    file: `${at}.sql`,
    checksum: '',
    body: { kind: 'sql', bytes },
    transaction: 'file',
    history: {},
  }
}
