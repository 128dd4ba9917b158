import type { History, HistoryState } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { createSchema, lookUpTable } from './_table.ts'

export interface NodePgMigrateTable {
  readonly schema: string
  readonly table: string
  /** It refuses a file that comes before one that was run. */
  readonly checkOrder: boolean
}

/** node-pg-migrate's table: the name of each file that was run, in the order in which it was. */
export function nodePgMigrateHistory({ schema, table, checkOrder }: NodePgMigrateTable): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, schema, table)
      const place = dialect.name(schema, table)
      const rows = found.columns.length === 0 ? [] : await read(`SELECT name FROM ${place} ORDER BY run_on, id`)
      const recorded = rows.map((row) => String(row['name']))
      const value = (migration: Migration): string => dialect.literal(nameOf(migration))
      return {
        stateOf: stateIn(recorded, migrations, checkOrder),
        unknown: recorded.filter((name) => !migrations.some((migration) => nameOf(migration) === name)),
        create: found.columns.length === 0 ? [...createSchema(found, dialect, schema), createTable(place)] : [],
        begin: () => [],
        finish: (migration) => [
          `INSERT INTO ${place} (name, run_on) SELECT ${value(migration)}, now() WHERE NOT EXISTS (SELECT FROM ${place} WHERE name = ${value(migration)})`,
        ],
        rollBack: (migration) => [`DELETE FROM ${place} WHERE name = ${value(migration)}`],
      }
    },
  }
}

function nameOf({ history }: Migration): string {
  return String(history['name'])
}

function stateIn(
  recorded: readonly string[],
  migrations: readonly Migration[],
  checkOrder: boolean,
): (migration: Migration) => HistoryState {
  const isRun = (migration: Migration): boolean => recorded.includes(nameOf(migration))
  const last = migrations.findLastIndex(isRun)
  return (migration) => {
    if (isRun(migration)) return 'applied'
    const at = migrations.findIndex(({ id }) => id === migration.id)
    return checkOrder && at >= 0 && at < last ? 'skipped' : 'pending'
  }
}

// As node-pg-migrate 9 makes it; test/adapters compares the two in the catalog.
function createTable(place: string): string {
  return `CREATE TABLE ${place} (\n    id SERIAL PRIMARY KEY,\n    name varchar(255) NOT NULL,\n    run_on timestamp NOT NULL\n)`
}
