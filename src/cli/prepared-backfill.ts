import { defaultWorkers } from '../backfill/workers.ts'
import type { CodeBatch } from '../backfill/code-batch.ts'
import type { BackfillListener } from '../backfill/job.ts'
import type { BackfillDefinition, BackfillState } from '../model/backfill.ts'
import type { Engine } from '../model/engine.ts'
import type { BatchProgress, Listener } from '../model/event.ts'
import { present } from '../std/present.ts'
import { runBackfill } from '../verbs/backfill.ts'
import { defineFromSql } from '../verbs/backfill-definition.ts'
import { openTarget, projectKey, type Target } from '../verbs/target.ts'
import { openThrottles } from '../verbs/throttles.ts'
import type { Connection } from './connection.ts'
import type { Config } from './define-config.ts'
import type { Options } from './options.ts'
import { settingsOf } from './settings.ts'
import { throttleChoices } from './throttle-choices.ts'

/** A backfill in one database, as flags and file say it. */
export interface BackfillThere {
  readonly connection: Connection
  readonly options: Options
  readonly config: Config
  readonly name: string
  /** Undefined where it is only to be taken part in. */
  readonly what: BackfillSource | undefined
  /** The folder of the configuration, to which the paths of modules are relative. */
  readonly root: string
}

/** One statement, or a module in TypeScript. */
export type BackfillSource =
  | { readonly kind: 'sql'; readonly sql: string }
  | { readonly kind: 'module'; readonly file: string; readonly exportName?: string }

export interface PreparedBackfill extends BackfillThere {
  readonly definition: BackfillDefinition | undefined
  readonly code?: CodeBatch
  readonly project: string
  readonly engine: Engine
}

/** Connects read-only and reads the catalog; `seen` hears which database it is before anything else is done there. */
export async function prepareBackfill(there: BackfillThere, seen: (target: Target) => void): Promise<PreparedBackfill> {
  const { connection, config } = there
  await using target = await openTarget(connection)
  seen(target)
  const project = await projectOf(target, config)
  return { ...there, ...(await define(there, target)), project, engine: target.engine }
}

async function define(
  { what, options, root }: BackfillThere,
  { engine, session }: Target,
): Promise<Pick<PreparedBackfill, 'definition' | 'code'>> {
  if (what === undefined) return { definition: undefined }
  const { batchTime, triggers, verify, walk } = options
  const asked = present({ batchTargetMs: batchTime, triggers, verify })
  if (what.kind === 'sql') return { definition: await defineFromSql(engine, session, { sql: what.sql, ...asked, ...present({ walk }) }) }
  const { loadCodeBackfill } = await import('../verbs/code-backfill.ts')
  const { definition, code } = await loadCodeBackfill({ root, engine, session, ...what })
  return { definition: { ...definition, ...asked }, code }
}

/** The same key as the migrations of this configuration have. */
async function projectOf({ session }: Target, config: Config): Promise<string> {
  const [row] = await session.query('select current_schema() as schema')
  return projectKey(config.project, typeof row?.['schema'] === 'string' ? row['schema'] : 'public')
}

export interface Running {
  /** Asked how far behind they are, where a throttle wants to know. */
  readonly replicas: readonly Connection[]
  readonly signal: AbortSignal
  readonly listener: BackfillListener
}

/** Begins it or takes part in it until it is done, under the throttles of flags and file. */
export async function runPrepared(prepared: PreparedBackfill, { replicas, signal, listener }: Running): Promise<BackfillState> {
  const { connection, options, config, name, definition, code, project, engine, root } = prepared
  const { lockBudgetMs, maxLockWaitMs } = settingsOf(options, config)
  await using throttles = await openThrottles({ engine, connection, replicas, choices: throttleChoices(options, config), signal })
  return await runBackfill({
    engine,
    connection,
    project,
    name,
    ...present({ definition, code }),
    loadCode: async (begun) => await (await import('../verbs/code-backfill.ts')).loadStored(root, begun),
    restart: options.restart === true,
    workers: options.workers ?? code?.concurrency ?? defaultWorkers,
    holdFor: throttles.holdFor,
    lockBudgetMs,
    maxLockWaitMs,
    reconnectMs,
    signal,
    listener,
  })
}

/** A failover or a restart of the server takes a minute or two. */
const reconnectMs = 120_000

/** The events of a backfill that stands by itself are those of a step without a migration. */
export function backfillEvents(name: string, listener: Listener): BackfillListener {
  const place = { migration: '', step: name }
  const at = () => Date.now()
  return {
    onBatch: (progress: BatchProgress) => listener({ type: 'batch-done', ...place, ...progress, at: at() }),
    onHeld: (held) => listener({ type: 'backfill-held', ...place, ...held, at: at() }),
    onNotice: (text) => listener({ type: 'backfill-notice', ...place, text, at: at() }),
  }
}
