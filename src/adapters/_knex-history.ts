import type { History, Read } from '../model/adapter.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Migration } from '../model/migration.ts'
import { asNumber, createSchema, lookUpTable } from './_table.ts'

interface Row {
  readonly name: string
  readonly batch: number
}

/**
 * Knex's two tables: a row for each file that was run, and a lock, without which its own deploy starts nothing. All that one deploy runs is one
 * batch, which `knex migrate:rollback` takes back together.
 */
export function knexHistory(schema: string, table: string): History {
  const finished = new Set<string>()
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const name = dialect.name(schema, table)
      const lock = dialect.name(schema, `${table}_lock`)
      const found = await lookUpTable(read, schema, table)
      const rows = found.columns.length === 0 ? [] : await readRows(read, name)
      const recorded = new Set(rows.map((row) => row.name))
      const known = new Set(migrations.map(nameOf))
      const batch = batchOf(rows, finished)
      const free = `UPDATE ${lock} SET is_locked = 0`
      const which = (migration: Migration): string => `name = ${dialect.literal(nameOf(migration))}`
      return {
        stateOf: (migration) => (recorded.has(nameOf(migration)) ? 'applied' : 'pending'),
        unknown: [...recorded].filter((each) => !known.has(each)),
        create: [
          ...createSchema(found, dialect, schema),
          ...(found.columns.length === 0 ? [createTable(name)] : []),
          ...(await createLock(read, schema, { table: `${table}_lock`, dialect })),
        ],
        begin: () => [`UPDATE ${lock} SET is_locked = 1`],
        finish: (migration) => {
          finished.add(nameOf(migration))
          const values = `${dialect.literal(nameOf(migration))}, ${dialect.literal(batch)}, date_trunc('milliseconds', clock_timestamp())`
          return [
            `INSERT INTO ${name} (name, batch, migration_time) SELECT ${values} WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${which(migration)})`,
            free,
          ]
        },
        withdraw: () => [free],
        rollBack: (migration) => [`DELETE FROM ${name} WHERE ${which(migration)}`, free],
      }
    },
  }
}

function nameOf(migration: Migration): string {
  return String(migration.history['name'])
}

async function readRows(read: Read, name: string): Promise<readonly Row[]> {
  const rows = await read(`SELECT name, batch FROM ${name} ORDER BY id`)
  return rows.map((row) => ({ name: String(row['name']), batch: row['batch'] === null ? 0 : asNumber(row['batch']) }))
}

/** That of the rows which this deploy has written, else one more than the last. */
function batchOf(rows: readonly Row[], finished: ReadonlySet<string>): number {
  const own = rows.find((row) => finished.has(row.name))
  return own?.batch ?? Math.max(0, ...rows.map((row) => row.batch)) + 1
}

// Both as Knex 3.3 makes them; test/adapters compares them in the catalog.
function createTable(name: string): string {
  return `CREATE TABLE ${name} (id serial PRIMARY KEY, name varchar(255), batch integer, migration_time timestamptz)`
}

async function createLock(
  read: Read,
  schema: string,
  { table, dialect }: { readonly table: string; readonly dialect: Dialect },
): Promise<readonly string[]> {
  const name = dialect.name(schema, table)
  const insert = `INSERT INTO ${name} (is_locked) VALUES (0)`
  const { columns } = await lookUpTable(read, schema, table)
  if (columns.length === 0) return [`CREATE TABLE ${name} ("index" serial PRIMARY KEY, is_locked integer)`, insert]
  return (await read(`SELECT is_locked FROM ${name} LIMIT 1`)).length === 0 ? [insert] : []
}
