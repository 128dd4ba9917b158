import type { History, HistoryState, OpenHistory } from '../model/adapter.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Migration } from '../model/migration.ts'
import { byName } from './_files.ts'
import { lookUpTable } from './_table.ts'

const [stateSchema, table] = ['pgroll', 'migrations']

/**
 * `pgroll.migrations`, where `pgroll init` has made it; where it has not, there is no history but our journal. A row that is not done says that a
 * migration is active: pgroll then refuses to start another, and its event trigger takes no DDL for a change made behind its back.
 */
export function pgrollHistory(schema: string): History {
  return {
    schema: stateSchema,
    table,
    ownSchema: true,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, stateSchema, table)
      if (found.columns.length === 0) return undefined
      const name = dialect.name(stateSchema, table)
      const kind = found.columns.includes('migration_type') ? 'migration_type' : "'pgroll'::text AS migration_type"
      const rows = await read(`SELECT name, done, ${kind} FROM ${name} WHERE schema = $1 ORDER BY created_at`, [schema])
      return openHistory(rows.map(asRow), migrations, writers(name, dialect, schema))
    },
  }
}

interface Row {
  readonly name: string
  readonly done: boolean
  readonly isBaseline: boolean
}

function asRow(row: { readonly [column: string]: unknown }): Row {
  return { name: String(row['name']), done: row['done'] === true, isBaseline: row['migration_type'] === 'baseline' }
}

type Writers = Pick<OpenHistory, 'begin' | 'finish' | 'withdraw' | 'rollBack'>

function openHistory(rows: readonly Row[], migrations: readonly Migration[], rest: Writers): OpenHistory {
  const known = new Set(migrations.map((migration) => migration.id))
  // All up to a baseline is there already, by name; what was before it in the history counts no more.
  const baseline = rows.findLast((row) => row.isBaseline)?.name
  const recorded = rows.filter((row) => !row.isBaseline)
  const last = recorded.findLast((row) => known.has(row.name))?.name
  const stateOf = (migration: Migration): HistoryState => {
    const own = recorded.find((row) => row.name === migration.id)
    if (own !== undefined) return own.done ? 'applied' : 'unfinished'
    if (baseline !== undefined && byName(migration.id, baseline) <= 0) return 'applied'
    // pgroll goes by the place in the list, and refuses the whole folder here.
    return last !== undefined && byName(migration.id, last) < 0 ? 'skipped' : 'pending'
  }
  return {
    stateOf,
    unknown: recorded.map((row) => row.name).filter((each) => !known.has(each)),
    create: [],
    endsWithContract: true,
    ...rest,
  }
}

function writers(name: string, dialect: Dialect, schema: string): Writers {
  const { literal } = dialect
  const own = (migration: Migration): string => `schema = ${literal(schema)} AND name = ${literal(migration.id)}`
  const insert = (migration: Migration): string => `
    INSERT INTO ${name} (schema, name, parent, migration)
    SELECT ${literal(schema)}, ${literal(migration.id)}, (
      SELECT last.name FROM ${name} last
      WHERE last.schema = ${literal(schema)} AND NOT EXISTS (SELECT FROM ${name} next WHERE next.schema = last.schema AND next.parent = last.name)
    ), ${literal(String(migration.history['stored']))}::jsonb
    WHERE NOT EXISTS (SELECT FROM ${name} WHERE ${own(migration)})`
  const schemaNow = `${dialect.name(stateSchema, 'read_schema')}(${literal(schema)})`
  return {
    begin: (migration) => [insert(migration)],
    finish: (migration) => [
      insert(migration),
      `UPDATE ${name} SET done = true, resulting_schema = (SELECT ${schemaNow}) WHERE ${own(migration)} AND NOT done`,
    ],
    withdraw: (migration) => [`DELETE FROM ${name} WHERE ${own(migration)} AND NOT done`],
    rollBack: (migration) => [`DELETE FROM ${name} WHERE ${own(migration)}`],
  }
}
