import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { BatchProgress } from '../backfill/job.ts'
import type { BackfillDefinition, BackfillState } from '../model/backfill.ts'
import { LockkeeperError } from '../model/errors.ts'
import { workText } from '../model/work-text.ts'
import { backfillsJson, backfillsText } from '../report/backfill.ts'
import { clip } from '../report/style.ts'
import { present } from '../std/present.ts'
import { runBackfill } from '../verbs/backfill.ts'
import { defineFromSql } from '../verbs/backfill-definition.ts'
import { displayName, wantOfBackfill } from '../verbs/backfills.ts'
import { openTarget, projectKey, type Target } from '../verbs/target.ts'
import { openThrottles } from '../verbs/throttles.ts'
import type { Context, Invocation } from './command.ts'
import { needConnection, replicasOf, type Connection } from './connection.ts'
import type { Config } from './define-config.ts'
import { progressListener } from './progress.ts'
import { confirmed } from './recording.ts'
import { settingsOf } from './settings.ts'
import { printTarget } from './target-line.ts'
import { throttleChoices } from './throttle-choices.ts'

interface Request {
  readonly invocation: Invocation
  readonly context: Context
  readonly config: Config
  readonly name: string
}

/** Begins a backfill or takes part in one, and says how it goes until it is done. */
export async function runOne(request: Request): Promise<number> {
  const { invocation, context, config } = request
  const { options } = invocation
  const connection = await needConnection({ options, config }, context)
  const { definition, project, engine } = await prepare(request, connection)
  const settings = settingsOf(options, config)
  const replicas = replicasOf({ options, config }, connection)
  await using throttles = await openThrottles({
    engine,
    connection,
    replicas,
    choices: throttleChoices(options, config),
    signal: context.signal,
  })
  await using progress = await progressListener(context, options.events)
  if (definition !== undefined && !(await confirmed(invocation, context, question(request.name, definition)))) return 1
  const tell = eventsOf(request.name, progress.listener)
  using _signal = pausedBySignal({ engine, connection, name: request.name, context })
  const state = await runBackfill({
    engine,
    connection,
    project,
    name: request.name,
    ...present({ definition }),
    restart: options.restart === true,
    workers: options.workers ?? 1,
    holdFor: throttles.holdFor,
    lockBudgetMs: settings.lockBudgetMs,
    maxLockWaitMs: settings.maxLockWaitMs,
    reconnectMs,
    signal: context.signal,
    listener: tell,
  })
  print(request, state)
  return 0
}

function question(name: string, { work, walk }: BackfillDefinition): string {
  const how = walk.by === 'pages' ? 'by heap pages' : `by ${walk.columns.join(', ')}`
  return `Run ${name} (${clip(workText(work).replaceAll('\n', ' '), 200)}) in batches ${how}?`
}

interface Paused {
  readonly engine: Target['engine']
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

/** A failover or a restart of the server takes a minute or two. */
const reconnectMs = 120_000

function print({ invocation: { options }, context }: Request, state: BackfillState): void {
  const line = { ...state, name: displayName(state.key) }
  const json = options.json === true || options.format === 'json'
  context.stdout.write(json ? backfillsJson('run', [line]) : backfillsText(context, [line]))
}

interface Prepared {
  readonly definition: BackfillDefinition | undefined
  readonly project: string
  readonly engine: Target['engine']
}

async function prepare(request: Request, connection: Connection): Promise<Prepared> {
  const { invocation, context, config } = request
  await using target = await openTarget(connection)
  printTarget(context, target.session, connection.role)
  const project = await projectOf(target, config)
  const sql = await sqlOf(request)
  if (sql === undefined) return { definition: undefined, project, engine: target.engine }
  const { batchTime, triggers, verify, walk } = invocation.options
  const definition = await defineFromSql(target.engine, target.session, {
    sql,
    ...present({ walk, batchTargetMs: batchTime, triggers, verify }),
  })
  return { definition, project, engine: target.engine }
}

/** The same key as the migrations of this configuration have. */
async function projectOf({ session }: Target, config: Config): Promise<string> {
  const [row] = await session.query('select current_schema() as schema')
  return projectKey(config.project, typeof row?.['schema'] === 'string' ? row['schema'] : 'public')
}

/** Of --sql or --file; undefined where it is only to be taken part in. */
export async function sqlOf({ invocation: { options }, context }: Pick<Request, 'invocation' | 'context'>): Promise<string | undefined> {
  const { sql, file } = options
  if (sql !== undefined && file !== undefined)
    throw new LockkeeperError('usage', '--sql and --file are given, and only one of them can be meant.')
  if (file === undefined) return sql
  return await readFile(resolve(context.cwd, file), 'utf8').catch(() => {
    throw new LockkeeperError('usage', `There is no file ${file}.`, { hint: 'Check --file.' })
  })
}

type Listener = Parameters<Awaited<ReturnType<typeof progressListener>>['listener']>[0]

/** The events of a backfill that stands by itself are those of a step without a migration. */
function eventsOf(name: string, listener: (event: Listener) => void) {
  const place = { migration: '', step: name }
  const at = () => Date.now()
  return {
    onBatch: (progress: BatchProgress) => listener({ type: 'batch-done', ...place, ...progress, at: at() }),
    onHeld: (held: { readonly reason: string; readonly heldMs: number }) =>
      listener({ type: 'backfill-held', ...place, ...held, at: at() }),
    onNotice: (text: string) => listener({ type: 'backfill-notice', ...place, text, at: at() }),
  }
}
