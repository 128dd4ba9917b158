import { symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { onTestFinished } from 'vitest'
import { typeorm } from '../../../src/adapters/typeorm.ts'
import type { Files, LoadOptions, Location } from '../../../src/model/adapter.ts'
import type { Migration } from '../../../src/model/migration.ts'
import { postgresDialect } from '../../../src/postgres/quote.ts'
import { freshDatabase } from '../postgres.ts'
import { tempProject, type TempProject } from './project.ts'

/** Two children are started for each load; on a busy machine that takes its time. */
export const longest = 120_000

/** Detects and loads the migrations of a project. */
export async function load(
  files: Files,
  options: Partial<LoadOptions> = {},
): Promise<{ location: Location; migrations: readonly Migration[] }> {
  const location = await typeorm.detect(files)
  if (location === undefined) throw new Error('no TypeORM folder found')
  return {
    location,
    migrations: await typeorm.load(files, location, { signal: new AbortController().signal, dialect: postgresDialect, ...options }),
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

/** A project whose one migration has this body of `up`; `typeorm` resolves to ours. */
export async function oneMigration(up: string, head = ''): Promise<TempProject> {
  const project = await tempProject({
    'src/migrations/1700000000000-One.ts': `import { MigrationInterface, QueryRunner, Table, TableColumn } from "typeorm";
${head}
export class One1700000000000 implements MigrationInterface {
    public async up(queryRunner: QueryRunner): Promise<void> {
${up}
    }
    public async down(queryRunner: QueryRunner): Promise<void> {}
}
`,
  })
  await symlink(resolve('node_modules'), join(project.root, 'node_modules'))
  return project
}
