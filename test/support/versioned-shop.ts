import pg from 'pg'
import { cliHere, type Outcome } from './cli.ts'
import { tempProject } from './orm/project.ts'
import { freshDatabase } from './postgres.ts'

/** A folder of pgroll's with one file, applied to a database in which `setup` has been run. */
export async function versionedShop(version: number, { first, setup = '' }: { readonly first: string; readonly setup?: string }) {
  const project = await tempProject({ 'migrations/1.yaml': first })
  const database = await freshDatabase(version, { setup })
  const client = await database.client()
  const clients: pg.Client[] = []
  const run = (...args: readonly string[]): Promise<Outcome> => cliHere([...args, '--database-url', database.url], { cwd: project.root })
  const done = async (...args: readonly string[]) => {
    const outcome = await run(...args)
    if (outcome.status !== 0) throw new Error(`${args.join(' ')}: ${outcome.stdout}${outcome.stderr}`)
  }
  await done('apply', '--yes')
  return {
    project,
    run,
    done,
    query: async (sql: string) => (await client.query<{ [column: string]: unknown }>(sql)).rows,
    /** An application: its search_path, and its role. */
    as: async (path: string, role = 'postgres') => {
      const own = new pg.Client({ connectionString: `${database.url.replace('postgres@', `${role}@`)}&options=-csearch_path%3D${path}` })
      await own.connect()
      clients.push(own)
      return async (sql: string) => (await own.query<{ [column: string]: unknown }>(sql)).rows
    },
    schemas: async () =>
      (await client.query<{ name: string }>(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'public%' ORDER BY 1`)).rows.map(
        ({ name }) => name,
      ),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((each) => each.end()))
      await database.drop()
      await project[Symbol.asyncDispose]()
    },
  }
}
