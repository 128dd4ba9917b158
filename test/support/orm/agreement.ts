import { expect, test } from 'vitest'
import { diskFiles } from '../../../src/adapters/_disk-files.ts'
import type { Adapter, Location } from '../../../src/model/adapter.ts'
import type { Migration } from '../../../src/model/migration.ts'
import { diffSchemas } from '../../../src/postgres/describe.ts'
import { postgresDialect } from '../../../src/postgres/quote.ts'
import { cliHere } from '../cli.ts'
import { forEachVersion, freshDatabase, type TestDatabase } from '../postgres.ts'
import { schemaOf } from '../snapshot.ts'
import { openOver, runAll } from './project.ts'

/** Children are started for each load; on a busy machine that takes its time. */
export const longest = 240_000

/** A real folder, and the real tool that it is for. */
export interface Tool {
  readonly title: string
  readonly root: string
  readonly adapter: Adapter
  /** Of its history, as SQL; times are left out by `columns`. */
  readonly table: string
  readonly columns: string
  /** Runs what is pending, or the first so many of it; gives the names that its history has for them. */
  migrate(url: string, count?: number): Promise<readonly string[]>
  /** What it finds pending. */
  pending(url: string): Promise<readonly string[]>
  /** Rules that the folder needs allowed. */
  readonly allow?: readonly string[]
}

export interface LoadedCase {
  readonly location: Location
  readonly migrations: readonly Migration[]
}

export async function loadCase({ adapter, root }: Pick<Tool, 'adapter' | 'root'>): Promise<LoadedCase> {
  const files = diskFiles(root)
  const location = await adapter.detect(files)
  if (location === undefined) throw new Error(`nothing of ${adapter.id} found in ${root}`)
  return { location, migrations: await adapter.load(files, location, { signal: new AbortController().signal, dialect: postgresDialect }) }
}

/** That the tool and we agree about a folder, whoever of the two ran it, in whole or in part. */
export function agrees(tool: Tool): void {
  forEachVersion(tool.title, (version) => {
    test(
      'what we apply is what it would have made, its own table and rows too, and it finds nothing pending',
      { timeout: longest },
      async () => {
        await using theirs = await freshDatabase(version)
        await using ours = await freshDatabase(version)
        const names = await tool.migrate(theirs.url)
        expect(await appliedBy(tool, ours)).toHaveLength(names.length)
        await expectSame(tool, theirs, ours)
      },
    )

    test('what it has run half the way we go on with', { timeout: longest }, async () => {
      await using theirs = await freshDatabase(version)
      await using ours = await freshDatabase(version)
      const names = await tool.migrate(theirs.url)
      expect(await tool.migrate(ours.url, 2)).toEqual(names.slice(0, 2))
      expect(await appliedBy(tool, ours)).toHaveLength(names.length - 2)
      await expectSame(tool, theirs, ours)
    })

    test('what it ran is seen as applied, and after an abort it finds all of it pending again', { timeout: longest }, async () => {
      await using database = await freshDatabase(version)
      const names = await tool.migrate(database.url)
      await expectAborted(tool, database)
      expect(await tool.pending(database.url)).toEqual(names)
    })
  })
}

/** Our `apply`: the ids of what it ran. */
async function appliedBy({ root, allow = [] }: Tool, database: TestDatabase): Promise<readonly string[]> {
  const allowed = allow.flatMap((rule) => ['--allow', rule])
  const outcome = await cliHere(['apply', '--yes', '--json', ...allowed, '--database-url', database.url], { cwd: root })
  if (outcome.status !== 0) throw new Error(`apply ended with ${outcome.status}:\n${outcome.stdout}${outcome.stderr}`)
  return (JSON.parse(outcome.stdout) as { migrations: readonly { readonly id: string }[] }).migrations.map(({ id }) => id)
}

async function expectSame(tool: Tool, theirs: TestDatabase, ours: TestDatabase): Promise<void> {
  expect(diffSchemas(await schemaOf(await theirs.client()), await schemaOf(await ours.client()))).toEqual([])
  expect(await rowsOf(tool, ours)).toEqual(await rowsOf(tool, theirs))
  expect(await tool.pending(ours.url)).toEqual([])
}

async function rowsOf({ table, columns }: Tool, database: TestDatabase): Promise<readonly unknown[]> {
  return (await (await database.client()).query(`SELECT ${columns} FROM ${table} ORDER BY 1`)).rows
}

async function expectAborted(tool: Tool, database: TestDatabase): Promise<void> {
  const { location, migrations } = await loadCase(tool)
  const client = await database.client()
  const history = tool.adapter.history?.(location, 'public')
  if (history === undefined) throw new Error('it keeps no history')
  const open = await openOver(client, history, migrations)
  expect(migrations.map((migration) => open.stateOf(migration))).toEqual(migrations.map(() => 'applied'))
  expect([open.create, open.unknown]).toEqual([[], []])
  for (const migration of migrations.toReversed()) await runAll(client, [...open.finish(migration), ...open.rollBack(migration)])
}
