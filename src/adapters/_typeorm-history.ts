import { createHash } from 'node:crypto'
import type { History } from '../model/adapter.ts'
import { createSchema, lookUpTable } from './_table.ts'

/** TypeORM's table: a row for each class that was run, and no checksum. */
export function typeormHistory(schema: string, table: string): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, schema, table)
      const name = dialect.name(schema, table)
      const rows = found.columns.length === 0 ? [] : await read(`SELECT name FROM ${name} ORDER BY id`)
      const recorded = new Set(rows.map((row) => String(row['name'])))
      const known = new Set(migrations.map((migration) => String(migration.history['name'])))
      const [timestamp, called] = [dialect.name('timestamp'), dialect.name('name')]
      const values = (migration: (typeof migrations)[number]): readonly [string, string] => [
        dialect.literal(Number(migration.history['timestamp'])),
        dialect.literal(String(migration.history['name'])),
      ]
      return {
        stateOf: (migration) => (recorded.has(String(migration.history['name'])) ? 'applied' : 'pending'),
        unknown: [...recorded].filter((each) => !known.has(each)),
        create:
          found.columns.length === 0
            ? [...createSchema(found, dialect, schema), createTable(name, dialect.name(primaryKeyName(table)))]
            : [],
        begin: () => [],
        finish: (migration) => {
          const [when, which] = values(migration)
          return [
            `INSERT INTO ${name} (${timestamp}, ${called}) SELECT ${when}, ${which} WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${called} = ${which})`,
          ]
        },
        rollBack: (migration) => {
          const [when, which] = values(migration)
          return [`DELETE FROM ${name} WHERE ${timestamp} = ${when} AND ${called} = ${which}`]
        },
      }
    },
  }
}

// As TypeORM 1.1 makes it; test/adapters compares the two in the catalog.
function createTable(name: string, primaryKey: string): string {
  return `CREATE TABLE ${name} (
    id SERIAL NOT NULL,
    "timestamp" bigint NOT NULL,
    name character varying NOT NULL,
    CONSTRAINT ${primaryKey} PRIMARY KEY (id)
)`
}

/** DefaultNamingStrategy.primaryKeyName: `PK_` and 27 digits of the sha1 of table and column. */
function primaryKeyName(table: string): string {
  return `PK_${createHash('sha1').update(`${table}_id`).digest('hex').slice(0, 27)}`
}
