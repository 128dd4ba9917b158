import { LockkeeperError } from '../model/errors.ts'
import type { History, HistoryState, OpenHistory, Read } from '../model/adapter.ts'
import type { Dialect } from '../model/dialect.ts'
import type { Migration } from '../model/migration.ts'
import { asNumber, createSchema, lookUpTable } from './_table.ts'

/**
 * Drizzle's ledger. 0.31 looks only at the greatest `created_at` and runs what is later; 1.0 goes by name, and upgrades an older table in place.
 * Which of the two writes is told by the layout of the folder (`history.layout` of its migrations).
 */
export function drizzleHistory(schema: string, table: string): History {
  return {
    schema,
    table,
    async open(read, migrations, dialect) {
      const found = await lookUpTable(read, schema, table)
      const name = dialect.name(schema, table)
      const named = found.columns.includes('name')
      const rows = found.columns.length === 0 ? [] : await readRows(read, name, named)
      const byName = migrations.some((migration) => migration.history['layout'] === 1)
      if (!byName) {
        const create = found.columns.length === 0 ? [...createSchema(found, dialect, schema), createTable(name, false)] : []
        return openByTime(rows, migrations, { create, ...writers(name, dialect, false) })
      }
      const create = found.columns.length === 0 ? [...createSchema(found, dialect, schema), createTable(name, true)] : []
      if (named || found.columns.length === 0) return openByName(rows, migrations, { create, ...writers(name, dialect, true) })
      const upgraded = upgrade(rows, migrations, `${schema}.${table}`)
      return openByName(upgraded, migrations, { create: upgradeSql(name, upgraded, dialect), ...writers(name, dialect, true) })
    },
  }
}

interface Row {
  readonly id: number
  readonly hash: string
  /** NULL is possible: the column has no NOT NULL. */
  readonly createdAt: number | null
  readonly name: string | null
}

async function readRows(read: Read, table: string, named: boolean): Promise<readonly Row[]> {
  const rows = await read(`SELECT id, hash, created_at${named ? ', name' : ''} FROM ${table} ORDER BY id`)
  return rows.map((row) => ({
    id: asNumber(row['id']),
    hash: String(row['hash']),
    createdAt: row['created_at'] === null ? null : asNumber(row['created_at']),
    name: (row['name'] as string | null | undefined) ?? null,
  }))
}

type Writers = Pick<OpenHistory, 'create' | 'begin' | 'finish' | 'rollBack'>

function openByTime(rows: readonly Row[], migrations: readonly Migration[], rest: Writers): OpenHistory {
  const last = lastRecorded(rows)
  const stateOf = (migration: Migration): HistoryState => {
    const own = rows.find((row) => row.createdAt === when(migration))
    if (own !== undefined) return own.hash === migration.checksum ? 'applied' : 'changed'
    return last === undefined || last < when(migration) ? 'pending' : 'skipped'
  }
  const known = new Set(migrations.map(when))
  const unknown = rows.filter((row) => row.createdAt === null || !known.has(row.createdAt)).map(rowName)
  return { stateOf, unknown, ...rest }
}

/** `ORDER BY created_at DESC LIMIT 1`, as the migrator asks it: NULL comes first, and counts as 0. */
function lastRecorded(rows: readonly Row[]): number | undefined {
  if (rows.length === 0) return undefined
  return rows.some((row) => row.createdAt === null) ? 0 : Math.max(...rows.map((row) => row.createdAt ?? 0))
}

function openByName(rows: readonly Row[], migrations: readonly Migration[], rest: Writers): OpenHistory {
  const stateOf = (migration: Migration): HistoryState => {
    const own = rows.find((row) => row.name === migration.id)
    if (own === undefined) return 'pending'
    return own.hash === migration.checksum ? 'applied' : 'changed'
  }
  const known = new Set(migrations.map((migration) => migration.id))
  return { stateOf, unknown: rows.filter((row) => row.name === null || !known.has(row.name)).map(rowName), ...rest }
}

function rowName(row: Row): string {
  return row.name ?? `created_at ${row.createdAt}`
}

function when(migration: Migration): number {
  return Number(migration.history['when'])
}

/**
 * The names that drizzle-orm 1.0 gives to the rows of an older table: by created_at in whole seconds, where several or none fit by hash. Like
 * Drizzle it goes no further where a row fits no folder.
 */
function upgrade(rows: readonly Row[], migrations: readonly Migration[], table: string): readonly Row[] {
  const named = rows.map((row) => ({ ...row, name: folderOf(row, migrations)?.id ?? null }))
  const lost = named.filter((row) => row.name === null).map((row) => row.id)
  if (lost.length === 0) return named
  throw new LockkeeperError(
    'migration-unknown',
    `${table} records migrations that no folder answers to (ids ${lost.join(', ')}), so Drizzle 1.0 refuses to upgrade it.`,
    {
      hint: 'Restore the missing migration folders, then run it again.',
      details: { table, ids: lost },
    },
  )
}

function folderOf(row: Row, migrations: readonly Migration[]): Migration | undefined {
  const text = String(row.createdAt)
  const second = Number(`${text.slice(0, -3)}000`)
  const same = migrations.filter((migration) => when(migration) === second)
  if (same.length === 1) return same[0]
  return (same.length > 1 ? same : migrations).findLast((migration) => migration.checksum === row.hash)
}

function upgradeSql(table: string, rows: readonly Row[], dialect: Dialect): readonly string[] {
  return [
    `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS name text`,
    `ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS applied_at timestamp with time zone DEFAULT now()`,
    ...rows.map(
      (row) => `UPDATE ${table} SET name = ${dialect.literal(row.name)}, applied_at = NULL WHERE id = ${dialect.literal(row.id)}`,
    ),
  ]
}

// As drizzle-orm 0.45 and 1.0 make it; test/adapters compares them in the catalog.
function createTable(table: string, named: boolean): string {
  const more = named ? ',\n    name text,\n    applied_at timestamp with time zone DEFAULT now()' : ''
  return `CREATE TABLE ${table} (\n    id SERIAL PRIMARY KEY,\n    hash text NOT NULL,\n    created_at bigint${more}\n)`
}

/** The ledger has no way to say "in flight", so `begin` is empty. */
function writers(table: string, dialect: Dialect, named: boolean): Pick<OpenHistory, 'begin' | 'finish' | 'rollBack'> {
  const own = (migration: Migration): string =>
    named ? `name = ${dialect.literal(migration.id)}` : `created_at = ${dialect.literal(when(migration))}`
  return {
    begin: () => [],
    finish: (migration) => {
      const values = [migration.checksum, when(migration), ...(named ? [migration.id] : [])].map((value) => dialect.literal(value))
      return [
        `INSERT INTO ${table} (hash, created_at${named ? ', name' : ''}) SELECT ${values.join(', ')} WHERE NOT EXISTS (SELECT FROM ${table} WHERE ${own(migration)})`,
      ]
    },
    rollBack: (migration) => [`DELETE FROM ${table} WHERE ${own(migration)}`],
  }
}
