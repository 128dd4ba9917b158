import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { stem } from './_code-files.ts'
import { codeMigration, executeCode, recordCode, shownOf, type CodeProject } from './_code-load.ts'
import type { Recorded } from './_code-protocol.ts'
import { base, missing, unreadable } from './_files.ts'
import { migrationFiles, typeormConfig, type TypeormConfig, type TypeormSettings } from './_typeorm-files.ts'
import { typeormHistory } from './_typeorm-history.ts'

/** TypeORM: classes with a method `up`. Their SQL is learnt by running it in a child process, twice (H5). */
export const typeorm = {
  id: 'typeorm',
  detect,
  recognises,
  load,
  execute: executeOne,
  history: (location, defaultSchema) => typeormHistory(location.historySchema ?? defaultSchema, location.historyTable ?? 'migrations'),
} satisfies Adapter

const usual = [
  'src/migrations',
  'src/migration',
  'migrations',
  'migration',
  'src/database/migrations',
  'src/db/migrations',
  'database/migrations',
  'db/migrations',
]

async function detect(files: Files): Promise<Location | undefined> {
  const { folders } = await typeormConfig(files)
  for (const path of [...folders, ...usual]) {
    const found = await recognises(files, path)
    if (found !== undefined) return found
  }
  return undefined
}

async function recognises(files: Files, path: string): Promise<Location | undefined> {
  if ((await migrationFiles(files, path)).length === 0) return undefined
  const { schema, table } = await typeormConfig(files)
  return { source: 'typeorm', path, ...(schema === undefined ? {} : { historySchema: schema }), historyTable: table ?? 'migrations' }
}

async function load(files: Files, location: Location, options: LoadOptions): Promise<readonly Migration[]> {
  const paths = await migrationFiles(files, location.path)
  if (paths.length === 0) throw missing(location.path, 'holds no migration classes of TypeORM')
  const config = await typeormConfig(files)
  const project = projectOf(files.root, paths, config)
  const classes = await recordCode(project, options, (found) => checkNames(project, found))
  return Promise.all(
    classes.map((each) => {
      const file = shownOf(project, each.file)
      const alone = classes.filter((other) => other.file === each.file).length === 1
      const transaction = transactionOf(config.mode, each.transaction)
      return codeMigration(files, each, { id: alone ? stem(base(file)) : each.name, source: 'typeorm', file, transaction })
    }),
  )
}

function projectOf(root: string, files: readonly string[], { schema, mode }: TypeormConfig): CodeProject {
  const settings: TypeormSettings = { inTransaction: mode !== 'none', ...(schema === undefined ? {} : { schema }) }
  return { program: 'adapters/_typeorm-process.ts', root, files, settings }
}

function checkNames(project: CodeProject, classes: readonly Recorded[]): void {
  for (const [at, each] of classes.entries()) {
    if (each.stopped?.kind === 'failed' && each.name === '') continue
    const file = shownOf(project, each.file)
    if (Number.isNaN(each.history['timestamp']))
      throw unreadable({ file }, `names its class ${each.name}, without the 13 digits of a time at the end, by which TypeORM orders`)
    const other = classes.slice(0, at).find((earlier) => earlier.name === each.name)
    if (other !== undefined) throw unreadable({ file }, `names its class ${each.name}, as ${shownOf(project, other.file)} does`)
  }
}

async function executeOne(files: Files, _location: Location, run: CodeRun): Promise<void> {
  await executeCode(projectOf(files.root, [run.migration.file], await typeormConfig(files)), run)
}

function transactionOf(mode: TypeormConfig['mode'], own: boolean | undefined): Migration['transaction'] {
  if (own !== undefined) return own ? 'file' : 'none'
  return ({ all: 'batch', each: 'file', none: 'none' } as const)[mode]
}
