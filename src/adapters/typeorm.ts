import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { LockkeeperError } from '../model/errors.ts'
import type { Adapter, CodeRun, Files, LoadOptions, Location } from '../model/adapter.ts'
import type { Migration } from '../model/migration.ts'
import { base, missing, placed, readText, sha256, unreadable, type Place } from './_files.ts'
import { agreed } from './_typeorm-assumptions.ts'
import { execute } from './_typeorm-execute.ts'
import { migrationFiles, stem, typeormConfig, type TypeormConfig } from './_typeorm-files.ts'
import { typeormHistory } from './_typeorm-history.ts'
import type { RecordedClass } from './_typeorm-protocol.ts'
import { record } from './_typeorm-record.ts'

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
  const shown = new Map(paths.map((path) => [resolve(files.root, path), path]))
  const project: Project = { root: files.root, files: [...shown.keys()], shown, config, options }
  const classes = await recordTwice(project)
  return Promise.all(
    classes.map((each) => asMigration(files, project, { each, alone: classes.filter((other) => other.file === each.file).length === 1 })),
  )
}

interface Project {
  readonly root: string
  readonly files: readonly string[]
  /** Absolute path to the path for messages. */
  readonly shown: ReadonlyMap<string, string>
  readonly config: TypeormConfig
  readonly options: LoadOptions
}

async function recordTwice(project: Project): Promise<readonly RecordedClass[]> {
  const pass = (): Promise<readonly RecordedClass[]> => record({ root: project.root, files: project.files }, project.options.signal)
  const [first, second] = await Promise.all([pass(), pass()])
  checkNames(project, first)
  checkStopped(project, first)
  checkSame(project, first, second)
  const asking = first.filter((each) => each.stopped !== undefined)
  const last = asking.at(-1)
  return last === undefined ? first : askSandbox(project, first, last.name)
}

/** Runs everything up to the last class that asks the database on two fresh ones; what needed none keeps its first recording. */
async function askSandbox(project: Project, recorded: readonly RecordedClass[], until: string): Promise<readonly RecordedClass[]> {
  const { sandboxUrl, signal } = project.options
  const asking = recorded.find((each) => each.stopped !== undefined)
  if (sandboxUrl === undefined) throw needsSandbox(project, asking)
  const urls = [await sandboxUrl(), await sandboxUrl()]
  if (urls[0] === urls[1]) throw new LockkeeperError('internal', 'The sandbox gave the same database twice.')
  const schema = project.config.schema === undefined ? {} : { schema: project.config.schema }
  const sandbox = { ...schema, inTransaction: project.config.mode !== 'none', until }
  const pass = (url: string): Promise<readonly RecordedClass[]> =>
    record({ root: project.root, files: project.files, sandbox: { ...sandbox, url } }, signal)
  const [first = [], second = []] = await Promise.all(urls.map(pass))
  checkStopped(project, first)
  checkSame(project, first, second)
  const asked = first.map((each) => withAgreed(project, each, second))
  return recorded.map((each) => (each.stopped === undefined ? each : (asked.find((other) => other.name === each.name) ?? each)))
}

function withAgreed(project: Project, each: RecordedClass, second: readonly RecordedClass[]): RecordedClass {
  const assumptions = agreed(each.assumptions, second.find((other) => other.name === each.name)?.assumptions ?? [])
  if (assumptions !== undefined) return { ...each, assumptions }
  throw nondeterministic({ file: shownOf(project, each) }, 'read the catalog in another way when it was run a second time')
}

function needsSandbox(project: Project, each: RecordedClass | undefined): LockkeeperError {
  const stopped = each?.stopped
  const call = stopped === undefined || stopped.kind === 'failed' ? 'a query' : stopped.call
  return new LockkeeperError('source-needs-sandbox', `${placeOf(project, each)} asks the database: ${call}.`, {
    details: { file: each?.file, line: stopped?.line, call },
  })
}

function checkNames(project: Project, classes: readonly RecordedClass[]): void {
  for (const [at, each] of classes.entries()) {
    if (each.stopped?.kind === 'failed' && each.name === '') continue
    if (Number.isNaN(each.timestamp)) {
      throw unreadable(
        { file: shownOf(project, each) },
        `names its class ${each.name}, without the 13 digits of a time at the end, by which TypeORM orders`,
      )
    }
    const other = classes.slice(0, at).find((earlier) => earlier.name === each.name)
    if (other !== undefined)
      throw unreadable({ file: shownOf(project, each) }, `names its class ${each.name}, as ${shownOf(project, other)} does`)
  }
}

function checkStopped(project: Project, classes: readonly RecordedClass[]): void {
  for (const each of classes) {
    const { stopped } = each
    if (stopped?.kind !== 'failed') continue
    const place = { file: shownOf(project, each), ...(stopped.line === undefined ? {} : { line: stopped.line }) }
    throw unreadable(place, `cannot be run: ${stopped.message.replace(/\.$/, '')}`)
  }
}

function checkSame(project: Project, first: readonly RecordedClass[], second: readonly RecordedClass[]): void {
  for (const each of first) {
    const again = second.find((other) => other.name === each.name && other.file === each.file)
    const at = each.statements.findIndex((statement, index) => !isDeepStrictEqual(statement, again?.statements[index]))
    const same =
      again !== undefined &&
      at < 0 &&
      again.statements.length === each.statements.length &&
      isDeepStrictEqual([each.stopped, each.readsRows], [again.stopped, again.readsRows])
    if (same) continue
    const line = each.statements[at]?.line
    const place = { file: shownOf(project, each), ...(line === undefined ? {} : { line }) }
    throw nondeterministic(place, 'issued other SQL when it was run a second time')
  }
}

function nondeterministic(place: Place, what: string): LockkeeperError {
  return new LockkeeperError('source-nondeterministic', `${placed(place)} ${what}.`, { details: { ...place } })
}

async function executeOne(files: Files, _location: Location, run: CodeRun): Promise<void> {
  const { schema } = await typeormConfig(files)
  const name = String(run.migration.history['name'])
  const request = {
    root: files.root,
    files: [resolve(files.root, run.migration.file)],
    execute: { name, ...(schema === undefined ? {} : { schema }) },
  }
  await execute(request, run)
}

async function asMigration(
  files: Files,
  project: Project,
  found: { readonly each: RecordedClass; readonly alone: boolean },
): Promise<Migration> {
  const { each, alone } = found
  const file = shownOf(project, each)
  const { bytes } = await readText(files, file)
  return {
    id: alone ? stem(base(file)) : each.name,
    source: 'typeorm',
    file,
    checksum: sha256(bytes),
    body: {
      kind: 'recorded',
      bytes,
      statements: each.statements,
      assumptions: each.assumptions,
      ...(each.readsRows === undefined ? {} : { readsRows: each.readsRows }),
    },
    transaction: transactionOf(project.config.mode, each.transaction),
    history: { timestamp: each.timestamp, name: each.name },
  }
}

function transactionOf(mode: TypeormConfig['mode'], own: boolean | undefined): Migration['transaction'] {
  if (own !== undefined) return own ? 'file' : 'none'
  return ({ all: 'batch', each: 'file', none: 'none' } as const)[mode]
}

function shownOf(project: Project, each: RecordedClass | undefined): string {
  return each === undefined ? project.root : (project.shown.get(each.file) ?? each.file)
}

function placeOf(project: Project, each: RecordedClass | undefined): string {
  const line = each?.stopped?.line
  return placed({ file: shownOf(project, each), ...(line === undefined ? {} : { line }) })
}
