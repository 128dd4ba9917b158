import type { History, HistoryState, OpenHistory } from '../model/adapter.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Migration } from '../model/migration.ts'
import { sha256 } from './_files.ts'
import { createSchema, lookUpTable } from './_table.ts'

const table = '_prisma_migrations'

/** Prisma 6 and 7: `_prisma_migrations` in the schema that the URL names, else in `public`. */
export function prismaHistory(schema: string): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, schema, table)
      const name = dialect.name(schema, table)
      const rows =
        found.columns.length === 0 ? [] : ((await read(`SELECT ${wanted} FROM ${name} ORDER BY started_at`)) as unknown as readonly Row[])
      const create = found.columns.length === 0 ? [...createSchema(found, dialect, schema), createTable(name)] : []
      return openHistory(rows, migrations, { create, ...writers(name, dialect) })
    },
  }
}

interface Row {
  readonly migration_name: string
  readonly checksum: string
  readonly finished: boolean
  readonly rolled_back: boolean
}

const wanted = 'migration_name, checksum, finished_at IS NOT NULL AS finished, rolled_back_at IS NOT NULL AS rolled_back'

// As the schema engine makes it; test/adapters compares the two in the catalog.
function createTable(name: string): string {
  return `CREATE TABLE ${name} (
    id VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum VARCHAR(64) NOT NULL,
    finished_at TIMESTAMPTZ,
    migration_name VARCHAR(255) NOT NULL,
    logs TEXT,
    rolled_back_at TIMESTAMPTZ,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count INTEGER NOT NULL DEFAULT 0
)`
}

function openHistory(
  rows: readonly Row[],
  migrations: readonly Migration[],
  rest: Pick<OpenHistory, 'create' | 'begin' | 'finish' | 'withdraw' | 'rollBack'>,
): OpenHistory {
  const known = new Set(migrations.map((migration) => migration.id))
  const recorded = rows.filter((row) => row.finished && !row.rolled_back).map((row) => row.migration_name)
  return { stateOf: (migration) => stateOf(rows, migration), unknown: [...new Set(recorded)].filter((name) => !known.has(name)), ...rest }
}

/** One unfinished row makes Prisma refuse everything (P3009), so it counts before a finished one. */
function stateOf(rows: readonly Row[], migration: Migration): HistoryState {
  const own = rows.filter((row) => row.migration_name === migration.id)
  const live = own.filter((row) => !row.rolled_back)
  if (live.some((row) => !row.finished)) return 'unfinished'
  const [applied] = live
  if (applied !== undefined) return matches(migration, applied.checksum) ? 'applied' : 'changed'
  return own.length > 0 ? 'rolled-back' : 'pending'
}

/** Prisma takes a file for the same when only its line ends differ (git on Windows). */
function matches(migration: Migration, checksum: string): boolean {
  if (migration.checksum === checksum) return true
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(migration.body.bytes)
  const unix = text.replaceAll('\r\n', '\n')
  return [unix, unix.replaceAll('\n', '\r\n')].some((variant) => sha256(variant) === checksum)
}

function writers(name: string, dialect: Dialect): Pick<OpenHistory, 'begin' | 'finish' | 'withdraw' | 'rollBack'> {
  const live = (migration: Migration): string => `migration_name = ${dialect.literal(migration.id)} AND rolled_back_at IS NULL`
  const insert = (migration: Migration, finished: boolean): string => `
    INSERT INTO ${name} (id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count)
    SELECT pg_catalog.gen_random_uuid()::text, ${dialect.literal(migration.checksum)}, ${finished ? 'now()' : 'NULL'}, ${dialect.literal(migration.id)},
      NULL, NULL, now(), ${finished ? 1 : 0}
    WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${live(migration)})`
  return {
    begin: (migration) => [insert(migration, false)],
    finish: (migration) => [
      `UPDATE ${name} SET finished_at = now(), applied_steps_count = 1, logs = NULL WHERE ${live(migration)} AND finished_at IS NULL`,
      insert(migration, true),
    ],
    withdraw: (migration) => [`DELETE FROM ${name} WHERE ${live(migration)} AND finished_at IS NULL`],
    rollBack: (migration) => [`UPDATE ${name} SET rolled_back_at = now() WHERE ${live(migration)}`],
  }
}
