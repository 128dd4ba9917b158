import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { exportsUp, stem } from './_code-files.ts'
import { codeMigration, executeCode, recordCode, shownOf, type CodeProject } from './_code-load.ts'
import { base, byName, entries, join, missing, normal, readText } from './_files.ts'
import { kyselyConfig, kyselySettings, type KyselyConfig } from './_kysely-config.ts'
import { kyselyHistory } from './_kysely-history.ts'

/** Kysely: modules with a function `up`. Their SQL is learnt by running it in a child process, twice (H5). */
export const kysely = {
  id: 'kysely',
  detect,
  recognises,
  load,
  execute: executeOne,
  history: (location, defaultSchema) =>
    kyselyHistory(location.historySchema ?? defaultSchema, {
      table: location.historyTable ?? 'kysely_migration',
      lockTable: location.historyLockTable ?? 'kysely_migration_lock',
      unordered: location.unordered ?? false,
    }),
} satisfies Adapter

const usual = ['migrations', 'src/migrations', 'db/migrations', 'src/db/migrations', 'database/migrations', 'src/database/migrations']

async function detect(files: Files): Promise<Location | undefined> {
  const { folders } = await kyselyConfig(files)
  for (const path of [...folders, ...usual]) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  const { folders, table, schema, lockTable, unordered } = await kyselyConfig(files)
  const named = folders.includes(normal(path))
  const texts = await Promise.all((await scripts(files, path)).map((file) => readText(files, file)))
  const fits = texts.some(
    ({ text }) => exportsUp(text) && (/\bkysely\b/i.test(text) || (named && !/\b(?:knex|pgm|queryInterface)\b/i.test(text))),
  )
  if (!fits) return undefined
  const names = { historyTable: table, historyLockTable: lockTable, unordered }
  return { source: 'kysely', path, ...(schema === undefined ? {} : { historySchema: schema }), ...names }
}

/** The files of a folder that FileMigrationProvider would load, in its order: of two that differ in their ending alone it takes the last. */
async function scripts(files: Files, folder: string): Promise<readonly string[]> {
  const inside = (await entries(files, folder)).filter(({ name, kind }) => kind === 'file' && /(?<!\.d)\.m?[jt]s$/.test(name))
  const single = inside.filter(({ name }, at) => !inside.slice(at + 1).some((later) => stem(later.name) === stem(name)))
  return single.map(({ name }) => join(folder, name)).toSorted((a, b) => byName(stem(a), stem(b)))
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const config = await kyselyConfig(files)
  const project = projectOf(files.root, await scripts(files, location.path), config)
  const recorded = project.files.length === 0 ? [] : await recordCode(project, options)
  if (recorded.length === 0) throw missing(location.path, 'holds no migrations of Kysely')
  return Promise.all(
    recorded.map((each) => {
      const file = shownOf(project, each.file)
      return codeMigration(files, each, {
        id: stem(base(file)),
        source: 'kysely',
        file,
        transaction: config.inTransaction ? 'batch' : 'none',
      })
    }),
  )
}

function projectOf(root: string, files: readonly string[], config: KyselyConfig): CodeProject {
  return { program: 'adapters/_kysely-process.ts', root, files, settings: kyselySettings(root, config) }
}

async function executeOne(files: Files, _location: Location, run: CodeRun): Promise<void> {
  await executeCode(projectOf(files.root, [run.migration.file], await kyselyConfig(files)), run)
}
