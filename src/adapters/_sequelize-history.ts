import type { History } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { stem } from './_code-files.ts'
import { createSchema, lookUpTable } from './_table.ts'

/**
 * umzug's table: the name of each file that was run, with its ending. Where TypeScript is compiled before it is run, that is the ending of what
 * was made of it: a file is known by its name without, and the rows of the table say which one to write.
 */
export function sequelizeHistory(schema: string, table: string): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, schema, table)
      const place = dialect.name(schema, table)
      const rows = found.columns.length === 0 ? [] : await read(`SELECT name FROM ${place} ORDER BY name`)
      const recorded = rows.map((row) => String(row['name']))
      const run = new Map(recorded.map((name) => [stem(name), name]))
      const endings = new Set(recorded.map((name) => name.slice(stem(name).length)))
      const nameOf = (migration: Migration): string => {
        const own = String(migration.history['name'])
        const [ending] = endings
        return run.get(stem(own)) ?? (endings.size === 1 && ending !== undefined && ending !== '' ? `${stem(own)}${ending}` : own)
      }
      const value = (migration: Migration): string => dialect.literal(nameOf(migration))
      const known = new Set(migrations.map((migration) => stem(String(migration.history['name']))))
      return {
        stateOf: (migration) => (run.has(stem(String(migration.history['name']))) ? 'applied' : 'pending'),
        unknown: recorded.filter((name) => !known.has(stem(name))),
        create: found.columns.length === 0 ? [...createSchema(found, dialect, schema), createTable(place)] : [],
        begin: () => [],
        finish: (migration) => [
          `INSERT INTO ${place} (${insertColumns(found.columns)}) SELECT ${value(migration)}${times(found.columns)} WHERE NOT EXISTS (SELECT FROM ${place} WHERE name = ${value(migration)})`,
        ],
        rollBack: (migration) => [`DELETE FROM ${place} WHERE name = ${value(migration)}`],
      }
    },
  }
}

const stamps = ['createdAt', 'updatedAt']

// `sequelize db:migrate:schema:timestamps:add` gives the table two more columns.
function insertColumns(columns: readonly string[]): string {
  return ['name', ...stamps.filter((stamp) => columns.includes(stamp)).map((stamp) => `"${stamp}"`)].join(', ')
}

function times(columns: readonly string[]): string {
  return stamps
    .filter((stamp) => columns.includes(stamp))
    .map(() => ', now()')
    .join('')
}

// As umzug 3 and the command line make it; test/adapters compares it in the catalog.
function createTable(place: string): string {
  return `CREATE TABLE ${place} (name VARCHAR(255) NOT NULL UNIQUE, PRIMARY KEY (name))`
}
