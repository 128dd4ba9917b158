import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { Client } from 'pg'
import { diskFiles } from '../../../src/adapters/_disk-files.ts'
import type { Files, History, OpenHistory, Read } from '../../../src/model/adapter.ts'
import type { Migration } from '../../../src/model/migration.ts'
import { postgresDialect } from '../../../src/postgres/quote.ts'

export interface TempProject extends AsyncDisposable {
  readonly root: string
  readonly files: Files
  /** Writes files by their path from the root. */
  write(contents: { readonly [path: string]: string | Uint8Array }): Promise<void>
}

/** A folder of its own under the system's temporary one, gone at the end of the scope. */
export async function tempProject(contents: { readonly [path: string]: string | Uint8Array } = {}): Promise<TempProject> {
  const root = await mkdtemp(join(tmpdir(), 'lockkeeper-project-'))
  const write = async (given: typeof contents): Promise<void> => {
    for (const [path, content] of Object.entries(given)) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), content)
    }
  }
  await write(contents)
  return { root, files: diskFiles(root), write, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}

/** The same, with our own packages in reach of its code. */
export async function linkedProject(contents: { readonly [path: string]: string | Uint8Array } = {}): Promise<TempProject> {
  const project = await tempProject(contents)
  await symlink(resolve('node_modules'), join(project.root, 'node_modules'))
  return project
}

/** A `Read` over a plain connection. */
export function readOver(client: Client): Read {
  return async (sql, parameters = []) => (await client.query<{ [column: string]: unknown }>(sql, [...parameters])).rows
}

export async function openOver(client: Client, history: History, migrations: readonly Migration[]): Promise<OpenHistory> {
  const open = await history.open(readOver(client), migrations, postgresDialect)
  if (open === undefined) throw new Error(`${history.schema}.${history.table} is not kept here`)
  return open
}

export async function runAll(client: Client, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await client.query(statement)
}

/** The SQL of a migration, run as one script, or statement by statement where it was recorded. */
export async function runMigration(client: Client, migration: Migration): Promise<void> {
  if (migration.body.kind === 'sql') await client.query(Buffer.from(migration.body.bytes).toString('utf8'))
  else for (const { sql, parameters } of migration.body.statements) await client.query(sql, [...parameters])
}

/** Every migration as the runner would do it: its SQL between begin and finish of the ORM's history. */
export async function applyAll(client: Client, history: History, migrations: readonly Migration[]): Promise<void> {
  const open = await openOver(client, history, migrations)
  await runAll(client, open.create)
  for (const migration of migrations) {
    await runAll(client, open.begin(migration))
    await runMigration(client, migration)
    await runAll(client, open.finish(migration))
  }
}

const described = `
  SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS not_null, pg_get_expr(d.adbin, d.adrelid) AS default
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attnum`

const constrained = `
  SELECT conname AS name, pg_get_constraintdef(k.oid) AS definition
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = $1 AND c.relname = $2 ORDER BY 1`

/** Columns, defaults and constraints of a table as the catalog has them, to compare two ways of making it. */
export async function describeTable(client: Client, schema: string, table: string): Promise<unknown> {
  const read = readOver(client)
  return { columns: await read(described, [schema, table]), constraints: await read(constrained, [schema, table]) }
}
