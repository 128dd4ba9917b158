import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Adapter, Files, LoadOptions, Location } from '../../../src/model/adapter.ts'
import type { Migration } from '../../../src/model/migration.ts'
import { postgresDialect } from '../../../src/postgres/quote.ts'
import { freshDatabase } from '../postgres.ts'
import { tempProject, type TempProject } from './project.ts'

/** Two children are started for each load; on a busy machine that takes its time. */
export const longest = 120_000

/** Detects and loads the migrations of a project. */
export async function loadWith(
  adapter: Adapter,
  files: Files,
  options: Partial<LoadOptions> = {},
): Promise<{ location: Location; migrations: readonly Migration[] }> {
  const location = await adapter.detect(files)
  if (location === undefined) throw new Error(`no folder of ${adapter.id} found`)
  return {
    location,
    migrations: await adapter.load(files, location, { signal: new AbortController().signal, dialect: postgresDialect, ...options }),
  }
}

/** The recorded statements, each on one line. */
export function sqlOf(migration: Migration | undefined): readonly string[] {
  return migration?.body.kind === 'recorded' ? migration.body.statements.map((statement) => statement.sql.replace(/\s+/g, ' ').trim()) : []
}

/** Databases for migrations that ask one; dropped at the end of the test. */
export function sandboxes(version: number): () => Promise<string> {
  return async () => {
    const database = await freshDatabase(version)
    onTestFinished(() => database.drop())
    return database.url
  }
}

/** A project with these files, in which packages are those of ours. */
export async function codeProject(contents: { readonly [path: string]: string }): Promise<TempProject> {
  const project = await tempProject(contents)
  await symlink(resolve('node_modules'), join(project.root, 'node_modules'))
  return project
}
