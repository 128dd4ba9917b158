import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { stem } from './_code-files.ts'
import { codeMigration, executeCode, recordCode, shownOf, type CodeProject } from './_code-load.ts'
import { base, missing, unreadable } from './_files.ts'
import { sequelizeConfig, type SequelizeConfig } from './_sequelize-config.ts'
import { areMigrations, migrationFiles } from './_sequelize-files.ts'
import { sequelizeHistory } from './_sequelize-history.ts'

/** Sequelize, by sequelize-cli or umzug: files with an `up`, whose SQL is learnt by running it in a child process (H5). None has a transaction around it. */
export const sequelize = {
  id: 'sequelize',
  detect,
  recognises,
  load,
  execute: executeOne,
  history: (location, defaultSchema) => sequelizeHistory(location.historySchema ?? defaultSchema, location.historyTable ?? 'SequelizeMeta'),
} satisfies Adapter

const usual = ['migrations', 'src/migrations', 'db/migrations', 'src/db/migrations', 'database/migrations', 'src/database/migrations']

async function detect(files: Files): Promise<Location | undefined> {
  const { folders } = await sequelizeConfig(files)
  for (const path of [...folders, ...usual]) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  const { isUsed, schema, table } = await sequelizeConfig(files)
  if (!(await areMigrations(files, path, isUsed))) return undefined
  return { source: 'sequelize', path, historyTable: table, ...(schema === undefined ? {} : { historySchema: schema }) }
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const paths = await migrationFiles(files, location.path)
  if (paths.length === 0) throw missing(location.path, 'holds no migrations of Sequelize')
  const twice = paths.find((path, at) => paths.findIndex((other) => stem(other) === stem(path)) !== at)
  if (twice !== undefined) throw unreadable({ file: twice }, 'has the name of another migration, with another ending')
  const project = projectOf(files.root, paths, await sequelizeConfig(files))
  const recorded = await recordCode(project, options)
  return Promise.all(
    recorded.map((each) => {
      const file = shownOf(project, each.file)
      return codeMigration(files, each, { id: stem(base(file)), source: 'sequelize', file, transaction: 'none' })
    }),
  )
}

function projectOf(root: string, paths: readonly string[], { context }: SequelizeConfig): CodeProject {
  return { program: 'adapters/_sequelize-process.ts', root, files: paths, settings: { context } }
}

async function executeOne(files: Files, _location: Location, run: CodeRun): Promise<void> {
  await executeCode(projectOf(files.root, [run.migration.file], await sequelizeConfig(files)), run)
}
