import { LockkeeperError } from '../model/errors.ts'
import { present } from '../std/present.ts'
import type { LoadedMigrations } from '../verbs/load-migrations.ts'
import type { Context, Invocation } from './command.ts'
import type { OptionSpec } from './option-spec.ts'
import { needConnection, replicasOf } from './connection.ts'
import { flags, targetFlags } from './options.ts'
import { progressListener } from './progress.ts'
import { confirmed } from './recording.ts'
import { runSettings } from './run-settings.ts'
import { printTarget } from './target-line.ts'
import type { Workspace } from './workspace.ts'
import { loadWorkspace, openWorkspace } from './workspace.ts'

/** The flags of `abort`, under whatever name it is called. */
export const abortOptions: readonly OptionSpec[] = [
  ...targetFlags,
  flags.lockTimeout,
  flags.maxLockWait,
  flags.replicaUrl,
  flags.maxAttempts,
  flags.runLockTimeout,
  flags.terminateOrphan,
  flags.events,
  flags.yes,
  flags.json,
]

/** See docs/cli.md, `lockkeeper abort`; the exit status. */
export async function runAbort(invocation: Invocation, context: Context): Promise<number> {
  const { options } = invocation
  const [migration] = invocation.arguments
  const workspace = await openWorkspace({ ...invocation, arguments: [] }, context)
  const { config } = workspace
  const connect = await needConnection({ options, config }, context)
  const loaded = await filesIfAny(workspace, context)
  const { openTarget } = await import('../verbs/target.ts')
  const { abortScene } = await import('../verbs/abort.ts')
  const { abort: takeBack } = await import('../run/abort.ts')
  const named = present({ project: config.project, migration })
  const { engine, scene } = await (async () => {
    await using target = await openTarget(connect)
    printTarget(context, target.session, connect.role)
    return { engine: target.engine, scene: await abortScene(target, loaded, named) }
  })()
  if (!(await confirmed(invocation, context, `Take ${migration ?? 'the migration in flight'} back?`))) return 1
  await using progress = await progressListener(context, options.events)
  const report = await takeBack({
    ...runSettings({ options, config, context, listener: progress.listener }),
    engine,
    connect,
    replicas: replicasOf({ options, config }, connect),
    plan: { format: 1, project: scene.project, touched: '', migrations: [] },
    migrations: scene.loaded.migrations,
    ...present({ history: scene.history, migration }),
  })
  const undone = report.undone.length === 0 ? '' : `; undone: ${report.undone.join(', ')}`
  context.stdout.write(
    options.json === true
      ? `${JSON.stringify({ format: 1, command: 'abort', ...report }, null, 2)}\n`
      : `${report.migration} is taken back${undone}. It is pending again.\n`,
  )
  return 0
}

// The journal holds all that taking back needs; the files only tell what is recorded after it.
async function filesIfAny(workspace: Workspace, context: Context): Promise<LoadedMigrations | undefined> {
  const { throwAwayDatabases } = await import('../verbs/throw-away.ts')
  await using throwAway = throwAwayDatabases(context.signal)
  try {
    return await loadWorkspace(workspace, context, throwAway)
  } catch (error) {
    if (error instanceof LockkeeperError && error.code === 'source-missing' && workspace.where.path === undefined) return undefined
    throw error
  }
}
