import { expect } from 'vitest'
import { diffSchemas, type SchemaDescription } from '../../src/postgres/describe.ts'
import { cliHere } from './cli.ts'
import { folderInit, folderRows, type FolderCase } from './folder-cases.ts'
import { drizzleMigrate } from './orm/drizzle.ts'
import { prismaStatus } from './orm/prisma.ts'
import { tempProject } from './orm/project.ts'
import { freshDatabase, type TestDatabase } from './postgres.ts'
import { schemaOf } from './snapshot.ts'
import { startWriter } from './two-versions.ts'
import { nothing, type Look } from './version-cases.ts'
import { differing, ended, mapped, rowsOfLate, rowsOfNew, rowsOfOld, writesOf, type Values } from './written.ts'

/** An ORM's way to write two migrations, and what it says of them itself. */
export interface FolderOf {
  readonly files: (init: readonly string[], change: readonly string[]) => { readonly [path: string]: string }
  readonly first: string
  /** Throws, or gives what is wrong, unless the ORM has all migrations as applied. */
  readonly allApplied: (database: TestDatabase, root: string) => Promise<void>
}

export const prismaFolder: FolderOf = {
  first: '1_init',
  files: (init, change) => ({
    'prisma/schema.prisma': 'datasource db {\n  provider = "postgresql"\n}\n',
    'prisma/migrations/migration_lock.toml': 'provider = "postgresql"\n',
    'prisma/migrations/1_init/migration.sql': init.map((sql) => `${sql};\n`).join('\n'),
    'prisma/migrations/2_change/migration.sql': change.map((sql) => `${sql};\n`).join('\n'),
  }),
  allApplied: async ({ url }, root) =>
    expect(await prismaStatus(url, `${root}/prisma/migrations`)).toMatchObject({ pending: [], failed: [], edited: [] }),
}

const entry = (idx: number, tag: string) => ({ idx, version: '7', when: 1_700_000_000_000 + idx, tag, breakpoints: true })

export const drizzleFolder: FolderOf = {
  first: '0000_init',
  files: (init, change) => ({
    'drizzle.config.ts': `export default { dialect: 'postgresql', out: './drizzle' }`,
    'drizzle/meta/_journal.json': JSON.stringify({
      version: '7',
      dialect: 'postgresql',
      entries: [entry(0, '0000_init'), entry(1, '0001_change')],
    }),
    'drizzle/0000_init.sql': init.map((sql) => `${sql};`).join('--> statement-breakpoint\n'),
    'drizzle/0001_change.sql': change.map((sql) => `${sql};`).join('--> statement-breakpoint\n'),
  }),
  allApplied: async ({ url }, root) => expect(await drizzleMigrate(url, { version: '0.45', folder: `${root}/drizzle` })).toBe(0),
}

/** Schema of the user's own, without the order of columns, in which a second column comes last. */
async function ownSchema(database: TestDatabase): Promise<SchemaDescription> {
  const all = await schemaOf(await database.client())
  return Object.fromEntries(
    Object.entries(all).filter(([object]) => !/lockkeeper|_prisma_migrations|drizzle|^order of columns/.test(object)),
  )
}

/** The change under an application of either version: taken back, applied again and completed. */
export async function liveThroughFolder(one: FolderCase, orm: FolderOf, version: number): Promise<void> {
  await using database = await freshDatabase(version)
  await using wanted = await freshDatabase(version, {
    setup: [...folderInit, ...one.change, one.also ?? 'SELECT'].map((sql) => `${sql};`).join('\n'),
  })
  await using project = await tempProject(orm.files(folderInit, one.change))
  const { root } = project
  const client = await database.client()
  const lockkeeper = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await cliHere([...args, '--database-url', database.url], { cwd: root })
    expect(status, `${args[0]}: ${stdout}${stderr}`).toBe(0)
  }
  const apply = () => lockkeeper('apply', '--yes', ...(one.allow ?? []).flatMap((rule) => ['--allow', rule]))
  const read = async ({ table, column }: Look): Promise<Values> => {
    const { rows } = await client.query<{ id: string; value: string }>(
      `SELECT id, coalesce("${column}"::text, '${nothing}') AS value FROM "${table}"`,
    )
    return new Map(rows.map(({ id, value }) => [Number(id), value]))
  }
  await lockkeeper('apply', '--yes', '--to', orm.first)
  await client.query(folderRows)
  const start = await ownSchema(database)
  const old = await startWriter(database.url, writesOf(one.old, rowsOfOld))
  await old.wrote(20)
  if (one.atOnce !== true) {
    await apply()
    await old.wrote(20)
    await lockkeeper('abort')
    expect(diffSchemas(start, await ownSchema(database))).toEqual([])
  }
  await apply()
  await orm.allApplied(database, root)
  const fresh = await startWriter(database.url, writesOf(one.new, rowsOfNew))
  await Promise.all([old.wrote(60), fresh.wrote(60)])
  const [oldLast, newLast] = [await ended(old), await ended(fresh)]
  expect(differing(oldLast, await read(one.old))).toEqual([])
  expect(differing(mapped(oldLast, one.up), await read(one.new))).toEqual([])
  expect(differing(mapped(newLast, one.down), await read(one.old))).toEqual([])
  const late = await startWriter(database.url, writesOf(one.new, rowsOfLate))
  await late.wrote(10)
  if (one.atOnce !== true) await lockkeeper('complete', '--override', 'unused', '--reason', 'a test')
  await late.wrote(20)
  const lateLast = await ended(late)
  const found = await read(one.new)
  expect(differing(lateLast, found)).toEqual([])
  expect(differing(mapped(oldLast, one.up), found)).toEqual([])
  expect(diffSchemas(await ownSchema(wanted), await ownSchema(database))).toEqual([])
  await orm.allApplied(database, root)
}
