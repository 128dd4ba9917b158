import type { History } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { createSchema, lookUpTable } from './_table.ts'

export interface KyselyTables {
  readonly table: string
  readonly lockTable: string
  /** Kysely runs what sorts before something that was run; by default it refuses to. */
  readonly unordered: boolean
}

/**
 * Kysely's table: a row for each migration that was run, with the time as text. Beside it stands a table for a lock, whose row Kysely makes and on
 * PostgreSQL never looks at: there it takes an advisory lock, so there is no way to say "in flight".
 */
export function kyselyHistory(schema: string, { table, lockTable, unordered }: KyselyTables): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const [name, lock] = [dialect.name(schema, table), dialect.name(schema, lockTable)]
      const [found, foundLock] = [await lookUpTable(read, schema, table), await lookUpTable(read, schema, lockTable)]
      const rows = found.columns.length === 0 ? [] : await read(`SELECT name FROM ${name}`)
      const lockRows = foundLock.columns.length === 0 ? [] : await read(`SELECT id FROM ${lock} WHERE id = 'migration_lock'`)
      const recorded = new Set(rows.map((row) => String(row['name'])))
      const known = new Set(migrations.map(nameOf))
      const last = migrations.findLastIndex((migration) => recorded.has(nameOf(migration)))
      const own = (migration: Migration): string => `name = ${dialect.literal(nameOf(migration))}`
      return {
        stateOf: (migration) => {
          if (recorded.has(nameOf(migration))) return 'applied'
          const at = migrations.findIndex((other) => nameOf(other) === nameOf(migration))
          return !unordered && at < last ? 'skipped' : 'pending'
        },
        unknown: [...recorded].filter((each) => !known.has(each)),
        create: [
          ...createSchema(found, dialect, schema),
          ...(found.columns.length === 0 ? [createTable(name)] : []),
          ...(foundLock.columns.length === 0 ? [createLockTable(lock)] : []),
          ...(lockRows.length === 0 ? [`INSERT INTO ${lock} (id, is_locked) VALUES ('migration_lock', 0)`] : []),
        ],
        begin: () => [],
        finish: (migration) => [
          `INSERT INTO ${name} (name, "timestamp") SELECT ${dialect.literal(nameOf(migration))}, ${isoNow} WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${own(migration)})`,
        ],
        rollBack: (migration) => [`DELETE FROM ${name} WHERE ${own(migration)}`],
      }
    },
  }
}

function nameOf(migration: Migration): string {
  return String(migration.history['name'])
}

/** As Date.toISOString. Kysely orders by it what was run, so it is the time of the row and not of the transaction. */
const isoNow = `to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

// Both as Kysely 0.28 makes them; test/adapters compares them in the catalog.
function createTable(name: string): string {
  return `CREATE TABLE ${name} (name varchar(255) NOT NULL PRIMARY KEY, "timestamp" varchar(255) NOT NULL)`
}

function createLockTable(name: string): string {
  return `CREATE TABLE ${name} (id varchar(255) NOT NULL PRIMARY KEY, is_locked integer NOT NULL DEFAULT 0)`
}
