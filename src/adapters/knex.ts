import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { exportsUp, stem } from './_code-files.ts'
import { codeMigration, executeCode, recordCode, shownOf, type CodeProject } from './_code-load.ts'
import { base, byName, entries, join, missing, normal, readText, unreadable } from './_files.ts'
import { knexConfig, knexSettings, type KnexConfig } from './_knex-config.ts'
import { knexHistory } from './_knex-history.ts'

/** Knex: modules with a function `up`. Their SQL is learnt by running it in a child process, twice (H5). */
export const knex = {
  id: 'knex',
  detect,
  recognises,
  load,
  execute: executeOne,
  history: (location, defaultSchema) => knexHistory(location.historySchema ?? defaultSchema, location.historyTable ?? 'knex_migrations'),
} satisfies Adapter

const usual = ['migrations', 'db/migrations', 'src/migrations', 'src/db/migrations', 'database/migrations', 'src/database/migrations']

async function detect(files: Files): Promise<Location | undefined> {
  const config = await knexConfig(files)
  for (const path of config.file === undefined ? usual : config.directories) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  const config = await knexConfig(files)
  const named = config.directories.includes(normal(path))
  const texts = await Promise.all((await scripts(files, path, config)).map((file) => readText(files, file)))
  const fits = texts.some(({ text }) => exportsUp(text) && (named || /\bknex\b/i.test(text)))
  if (!fits) return undefined
  const { schema, table } = config
  return { source: 'knex', path, ...(schema === undefined ? {} : { historySchema: schema }), historyTable: table }
}

/** The files of a folder that Knex would load. */
async function scripts(files: Files, folder: string, { extensions }: KnexConfig): Promise<readonly string[]> {
  const inside = await entries(files, folder)
  const loaded = inside.filter(
    ({ name, kind }) => kind === 'file' && extensions.includes(/\.[^.]*$/.exec(name)?.[0] ?? '') && !name.endsWith('.d.ts'),
  )
  return loaded.map(({ name }) => join(folder, name))
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const config = await knexConfig(files)
  const paths = await ordered(files, location, config)
  if (paths.length === 0) throw missing(location.path, 'holds no migrations of Knex')
  const project = projectOf(files.root, paths, config)
  const recorded = await recordCode(project, options)
  return Promise.all(
    recorded.map((each) => {
      const file = shownOf(project, each.file)
      return codeMigration(files, each, {
        id: idOf(paths, file),
        source: 'knex',
        file,
        transaction: transactionOf(config, each.transaction),
      })
    }),
  )
}

/** As Knex sorts: all folders together by the name of the file, or each by itself. */
async function ordered(files: Files, { path }: Location, config: KnexConfig): Promise<readonly string[]> {
  const folders = config.directories.includes(normal(path)) ? config.directories : [path]
  const found = (await Promise.all(folders.map((folder) => scripts(files, folder, config)))).flat()
  for (const [at, file] of found.entries()) {
    const other = found.slice(0, at).find((earlier) => base(earlier) === base(file))
    if (other !== undefined) throw unreadable({ file }, `has the name of ${other}, and Knex's history tells them apart by nothing else`)
  }
  return config.sortDirsSeparately ? found : found.toSorted((a, b) => byName(base(a), base(b)))
}

function idOf(paths: readonly string[], file: string): string {
  const id = stem(base(file))
  return paths.filter((path) => stem(base(path)) === id).length === 1 ? id : base(file)
}

function transactionOf({ inTransaction }: KnexConfig, own: boolean | undefined): Migration['transaction'] {
  if (own === false || (own === undefined && !inTransaction)) return 'none'
  return inTransaction ? 'batch' : 'file'
}

function projectOf(root: string, files: readonly string[], config: KnexConfig): CodeProject {
  return { program: 'adapters/_knex-process.ts', root, files, settings: knexSettings(root, config) }
}

async function executeOne(files: Files, _location: Location, run: CodeRun): Promise<void> {
  await executeCode(projectOf(files.root, [run.migration.file], await knexConfig(files)), run)
}
