import type pg from 'pg'
import type { Project } from './cli.ts'
import { project } from './cli.ts'
import type { TestDatabase } from './postgres.ts'
import { freshDatabase } from './postgres.ts'

/** Databases that are copies of one, a control database beside them, and a folder of migrations with their list. */
export interface TestFleet extends AsyncDisposable {
  readonly control: TestDatabase
  readonly targets: readonly TestDatabase[]
  readonly here: Project
  /** The flags for list and control database. */
  readonly on: readonly string[]
  /** `fleet VERB` with folder, list and control database. */
  readonly args: (verb: string, ...more: readonly string[]) => readonly string[]
}

export const ordersTable = `create table orders (id serial primary key, note text); insert into orders (note) select 'n' || n from generate_series(1, 20) n`

const migrations = {
  'm/1_status.sql': 'alter table orders add column status text;\n',
  'm/2_index.sql': 'create index orders_status_idx on orders (status);\n',
}

interface Contents {
  readonly files?: { readonly [path: string]: string }
  readonly setup?: string
}

export async function testFleet(
  version: number,
  size: number,
  { files = migrations, setup = ordersTable }: Contents = {},
): Promise<TestFleet> {
  const template = await freshDatabase(version, { setup })
  const control = await freshDatabase(version)
  const targets: TestDatabase[] = []
  for (let at = 0; at < size; at += 1) targets.push(await freshDatabase(version, { template }))
  const here = await project({ ...files, 'fleet.txt': `# all of them\n${targets.map(lineOf).join('\n')}\n` })
  const on = ['--control-url', control.url, '--targets-file', 'fleet.txt']
  return {
    control,
    targets,
    here,
    on,
    args: (verb, ...more) => ['fleet', verb, 'm', ...on, ...more],
    async [Symbol.asyncDispose]() {
      await here[Symbol.asyncDispose]()
      for (const database of [...targets, control, template]) await database.drop()
    },
  }
}

/** The line of a list, with a password that the test's servers never ask for and that must not be found anywhere. */
export function lineOf(target: TestDatabase): string {
  const url = new URL(target.url)
  url.password = secret
  return `${target.name}=${url.toString()}`
}

export const secret = 'hunter2-is-secret'

/** What each target's own journal and catalog say: its complete migrations, and the runs that it saw start. */
export async function truthOf(
  target: TestDatabase,
): Promise<{ readonly complete: number; readonly started: number; readonly ready: boolean }> {
  const client = await target.client()
  const { rows } = await client.query<{ there: boolean; ready: boolean }>(
    `select to_regclass('lockkeeper.journal') is not null as there,
       exists (select from pg_attribute where attrelid = 'orders'::regclass and attname = 'status') as ready`,
  )
  const [row] = rows
  if (row?.there !== true) return { complete: 0, started: 0, ready: row?.ready === true }
  const events = await client.query<{ complete: number; started: number }>(
    `select count(*) filter (where event = 'migration-done')::int as complete,
       count(*) filter (where event = 'migration-started')::int as started from lockkeeper.journal`,
  )
  return { ...(events.rows[0] ?? { complete: 0, started: 0 }), ready: row.ready }
}

/** Every value of every column of a schema, as text. */
export async function dumpOf(client: pg.Client, schema: string): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c where relnamespace = $1::regnamespace and relkind = 'r' order by 1`,
    [schema],
  )
  const tables: unknown[] = []
  for (const { name } of rows) tables.push((await client.query(`select t::text as row from ${name} t`)).rows)
  return JSON.stringify(tables)
}
