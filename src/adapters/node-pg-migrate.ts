import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { codeMigration, executeCode, recordCode, shownOf, type CodeProject } from './_code-load.ts'
import { base, missing, readText, sha256, unreadable } from './_files.ts'
import { nodePgMigrateConfig, type NodePgMigrateConfig } from './_node-pg-migrate-config.ts'
import { areMigrations, migrationFiles, upSection } from './_node-pg-migrate-files.ts'
import { nodePgMigrateHistory } from './_node-pg-migrate-history.ts'

/** node-pg-migrate: files with an `up(pgm)`, whose SQL is learnt by running it in a child process (H5), and SQL files beside them. */
export const nodePgMigrate = {
  id: 'node-pg-migrate',
  detect,
  recognises,
  load,
  execute: executeOne,
  history: (location, defaultSchema) =>
    nodePgMigrateHistory({
      schema: location.historySchema ?? defaultSchema,
      table: location.historyTable ?? 'pgmigrations',
      checkOrder: location.unordered !== true,
    }),
} satisfies Adapter

async function detect(files: Files): Promise<Location | undefined> {
  const { folder } = await nodePgMigrateConfig(files)
  for (const path of [...(folder === undefined ? [] : [folder]), 'migrations', 'db/migrations', 'database/migrations', 'src/migrations']) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  const { isUsed, schema, table, checkOrder } = await nodePgMigrateConfig(files)
  if (!(await areMigrations(files, path, isUsed))) return undefined
  return {
    source: 'node-pg-migrate',
    path,
    historyTable: table,
    ...(schema === undefined ? {} : { historySchema: schema }),
    ...(checkOrder ? {} : { unordered: true }),
  }
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const paths = await migrationFiles(files, location.path)
  if (paths.length === 0) throw missing(location.path, 'holds no migrations of node-pg-migrate')
  const config = await nodePgMigrateConfig(files)
  const code = await loadCode(files, projectOf(files.root, paths, config), { config, options })
  const migrations = await Promise.all(paths.map(async (path) => code.get(path) ?? (await readSql(files, path, config))))
  const twice = migrations.find(({ id }, at) => migrations.findIndex((other) => other.id === id) !== at)
  if (twice !== undefined) throw unreadable({ file: twice.file }, `has the name of another migration, ${twice.id}, with another ending`)
  return migrations
}

interface Loading {
  readonly config: NodePgMigrateConfig
  readonly options: LoadOptions
}

async function loadCode(files: Files, project: CodeProject, { config, options }: Loading): Promise<ReadonlyMap<string, Migration>> {
  if (project.files.length === 0) return new Map()
  const recorded = await recordCode(project, options)
  const migrations = recorded.map(async (each) => {
    const file = shownOf(project, each.file)
    const transaction = each.transaction === false ? 'none' : transactionOf(config)
    return [file, await codeMigration(files, each, { id: each.name, source: 'node-pg-migrate', file, transaction })] as const
  })
  return new Map(await Promise.all(migrations))
}

/** All of the code, since what a file adds to the types holds for those after it. */
function projectOf(root: string, paths: readonly string[], { decamelize }: NodePgMigrateConfig): CodeProject {
  const code = paths.filter((path) => !isSql(path))
  return { program: 'adapters/_node-pg-migrate-process.ts', root, files: code, settings: { decamelize } }
}

async function readSql(files: Files, file: string, config: NodePgMigrateConfig): Promise<Migration> {
  const { bytes } = await readText(files, file)
  const name = base(file).replace(/\.[^.]*$/, '')
  return {
    id: name,
    source: 'node-pg-migrate',
    file,
    checksum: sha256(bytes),
    body: { kind: 'sql', bytes: upSection(bytes) },
    transaction: transactionOf(config),
    history: { name },
  }
}

async function executeOne(files: Files, location: Location, run: CodeRun): Promise<void> {
  const paths = await migrationFiles(files, location.path)
  await executeCode(projectOf(files.root, paths, await nodePgMigrateConfig(files)), run)
}

function isSql(path: string): boolean {
  return /\.sql$/i.test(path)
}

function transactionOf({ singleTransaction }: NodePgMigrateConfig): Migration['transaction'] {
  return singleTransaction ? 'batch' : 'file'
}
