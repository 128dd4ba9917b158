import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { isScript, stem } from './_code-files.ts'
import { codeMigration, executeCode, recordCode, shownOf, type CodeProject } from './_code-load.ts'
import { base, entries, join, missing, readText, unreadable } from './_files.ts'
import { mikroOrmConfig, type MikroOrmConfig } from './_mikro-orm-config.ts'
import { mikroOrmHistory } from './_mikro-orm-history.ts'

/** MikroORM: classes whose `up` gathers SQL by `addSql`; it is learnt by running them in a child process (H5). Snapshots are no migrations. */
export const mikroOrm = {
  id: 'mikro-orm',
  detect,
  recognises,
  load,
  execute: executeOne,
  history: (location, defaultSchema) =>
    mikroOrmHistory(location.historySchema ?? defaultSchema, location.historyTable ?? 'mikro_orm_migrations'),
} satisfies Adapter

const usual = ['src/migrations', 'migrations', 'src/db/migrations', 'db/migrations', 'src/database/migrations', 'database/migrations']

async function detect(files: Files): Promise<Location | undefined> {
  const { folders } = await mikroOrmConfig(files)
  for (const path of [...folders, ...usual]) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  if ((await migrationFiles(files, path)).length === 0) return undefined
  const { table, tableSchema, schema } = await mikroOrmConfig(files)
  const historySchema = tableSchema ?? schema
  return { source: 'mikro-orm', path, historyTable: table, ...(historySchema === undefined ? {} : { historySchema }) }
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const paths = await migrationFiles(files, location.path)
  if (paths.length === 0) throw missing(location.path, 'holds no migrations of MikroORM')
  const twice = paths.find((path, at) => paths.findIndex((other) => stem(other) === stem(path)) !== at)
  if (twice !== undefined) throw unreadable({ file: twice }, 'has the name of another migration, with another ending')
  const config = await mikroOrmConfig(files)
  const project = projectOf(files.root, paths, config)
  const recorded = await recordCode(project, options)
  return Promise.all(
    recorded.map((each) => {
      const file = shownOf(project, each.file)
      const transaction = each.transaction === false ? 'none' : config.transaction
      return codeMigration(files, each, { id: stem(base(file)), source: 'mikro-orm', file, transaction })
    }),
  )
}

function projectOf(root: string, paths: readonly string[], { schema }: MikroOrmConfig): CodeProject {
  return { program: 'adapters/_mikro-orm-process.ts', root, files: paths, settings: schema === undefined ? {} : { schema } }
}

async function executeOne(files: Files, _location: Location, run: CodeRun): Promise<void> {
  await executeCode(projectOf(files.root, [run.migration.file], await mikroOrmConfig(files)), run)
}

/** In name order: what says that it is one. A .js beside the .ts it was made from is left out. */
async function migrationFiles(files: Files, folder: string): Promise<readonly string[]> {
  const inside = (await entries(files, folder)).filter(({ name, kind }) => kind === 'file' && isScript(name))
  const sources = new Set(inside.filter(({ name }) => name.endsWith('.ts')).map(({ name }) => stem(name)))
  const single = inside.filter(({ name }) => name.endsWith('.ts') || !sources.has(stem(name))).map(({ name }) => join(folder, name))
  const found = await Promise.all(single.map(async (path) => isMigration((await readText(files, path)).text)))
  return single.filter((_path, at) => found[at])
}

function isMigration(text: string): boolean {
  return /["']@mikro-orm\/migrations["']/.test(text) && /\bextends\s+(?:[\w$]+\.)?Migration\b/.test(text)
}
