import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { BackfillDefinition, BackfillState } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import { workText } from '../model/work-text.ts'
import { backfillsJson, backfillsText } from '../report/backfill.ts'
import { clip } from '../report/style.ts'
import { present } from '../std/present.ts'
import { displayName, wantOfBackfill } from '../verbs/backfills.ts'
import type { Engine } from '../model/engine.ts'
import type { Context, Invocation } from './command.ts'
import { needConnection, replicasOf, type Connection } from './connection.ts'
import type { Config } from './define-config.ts'
import { backfillEvents, prepareBackfill, runPrepared, type BackfillSource } from './prepared-backfill.ts'
import { progressListener } from './progress.ts'
import { confirmed } from './recording.ts'
import { printTarget } from './target-line.ts'

interface Request {
  readonly invocation: Invocation
  readonly context: Context
  readonly config: Config
  /** The folder of the configuration. */
  readonly root: string
  readonly name: string
}

/** Begins a backfill or takes part in one, and says how it goes until it is done. */
export async function runOne(request: Request): Promise<number> {
  const { invocation, context, config, name } = request
  const { options } = invocation
  const connection = await needConnection({ options, config }, context)
  const what = await sourceOf(request)
  const prepared = await prepareBackfill({ connection, options, config, name, what, root: request.root }, ({ session }) =>
    printTarget(context, session, connection.role),
  )
  await using progress = await progressListener(context, options.events)
  if (prepared.definition !== undefined && !(await confirmed(invocation, context, question(name, prepared.definition)))) return 1
  using _signal = pausedBySignal({ engine: prepared.engine, connection, name, context })
  const replicas = replicasOf({ options, config }, connection)
  const state = await runPrepared(prepared, { replicas, signal: context.signal, listener: backfillEvents(name, progress.listener) })
  print(request, state)
  return 0
}

function question(name: string, { work, walk }: BackfillDefinition): string {
  const how = walk.by === 'pages' ? 'by heap pages' : `by ${walk.columns.join(', ')}`
  return `Run ${name} (${clip(workText(work).replaceAll('\n', ' '), 200)}) in batches ${how}?`
}

interface Paused {
  readonly engine: Engine
  readonly connection: Connection
  readonly name: string
  readonly context: Context
}

/** SIGUSR2 pauses it for all workers, and lets it go on the next time. */
function pausedBySignal({ engine, connection, name, context }: Paused): Disposable {
  let wanted: 'pause' | 'run' = 'run'
  const stop = context.onPauseSignal?.(() => {
    wanted = wanted === 'run' ? 'pause' : 'run'
    wantOfBackfill({ engine, connection, signal: context.signal }, name, wanted).catch((error: unknown) =>
      context.stderr.write(
        `It could not be ${wanted === 'pause' ? 'paused' : 'resumed'}: ${error instanceof Error ? error.message : String(error)}\n`,
      ),
    )
  })
  return { [Symbol.dispose]: () => stop?.() }
}

function print({ invocation: { options }, context }: Request, state: BackfillState): void {
  const line = { ...state, name: displayName(state.key) }
  const json = options.json === true || options.format === 'json'
  context.stdout.write(json ? backfillsJson('run', [line]) : backfillsText(context, [line]))
}

/** Of --sql or --file; undefined where it is only to be taken part in. */
async function sourceOf(request: Request): Promise<BackfillSource | undefined> {
  const { file = '' } = request.invocation.options
  const module = /^(.+\.[cm]?[jt]s)(?:#(.+))?$/.exec(file)
  const sql = module === null ? await sqlOf(request) : undefined
  if (module === null) return sql === undefined ? undefined : { kind: 'sql', sql }
  const [, path = '', exportName] = module
  return { kind: 'module', file: resolve(request.context.cwd, path), ...present({ exportName }) }
}

/** The statement of --sql, or of a file of SQL. */
export async function sqlOf({ invocation: { options }, context }: Pick<Request, 'invocation' | 'context'>): Promise<string | undefined> {
  const { sql, file } = options
  if (sql !== undefined && file !== undefined)
    throw new LockkeeperError('usage', '--sql and --file are given, and only one of them can be meant.')
  if (file === undefined) return sql
  return await readFile(resolve(context.cwd, file), 'utf8').catch(() => {
    throw new LockkeeperError('usage', `There is no file ${file}.`, { hint: 'Check --file.' })
  })
}
