import type { History } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { createSchema, lookUpTable } from './_table.ts'

/** MikroORM's table: a row for each migration that was run, by its name without an ending; old versions wrote the ending too. */
export function mikroOrmHistory(schema: string, table: string): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, schema, table)
      const place = dialect.name(schema, table)
      const rows = found.columns.length === 0 ? [] : await read(`SELECT name FROM ${place} ORDER BY id`)
      const recorded = new Set(rows.map((row) => withoutEnding(String(row['name']))))
      const known = new Set(migrations.map(nameOf))
      const value = (migration: Migration): string => dialect.literal(nameOf(migration))
      return {
        stateOf: (migration) => (recorded.has(nameOf(migration)) ? 'applied' : 'pending'),
        unknown: [...recorded].filter((name) => !known.has(name)),
        create: found.columns.length === 0 ? [...createSchema(found, dialect, schema), createTable(place)] : [],
        begin: () => [],
        finish: (migration) => [
          `INSERT INTO ${place} (name) SELECT ${value(migration)} WHERE NOT EXISTS (SELECT FROM ${place} WHERE name = ${value(migration)})`,
        ],
        rollBack: (migration) => {
          const names = ['', '.js', '.ts'].map((ending) => dialect.literal(`${nameOf(migration)}${ending}`))
          return [`DELETE FROM ${place} WHERE name IN (${names.join(', ')})`]
        },
      }
    },
  }
}

function nameOf({ history }: Migration): string {
  return String(history['name'])
}

function withoutEnding(name: string): string {
  return name.replace(/\.[jt]s$/, '')
}

// As MikroORM 6.6 makes it; test/adapters compares the two in the catalog.
function createTable(place: string): string {
  return `CREATE TABLE ${place} (\n    id serial PRIMARY KEY,\n    name varchar(255),\n    executed_at timestamptz DEFAULT CURRENT_TIMESTAMP\n)`
}
