import type { Command } from '../command.ts'
import { needConnection } from '../connection.ts'
import { flags, targetFlags } from '../options.ts'
import { progressListener } from '../progress.ts'
import { confirmed } from '../recording.ts'
import { runSettings } from '../run-settings.ts'
import { printTarget } from '../target-line.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const abort: Command = {
  name: 'abort',
  summary: 'take an unfinished migration back to where it began',
  description: 'What was added goes, last step first, each through the lock loop. The ORM sees the migration pending again. Past the point of no return nothing is touched.',
  arguments: [{ name: '[migration]', description: 'which one; may be left out where only one is in flight' }],
  options: [...targetFlags, flags.lockTimeout, flags.maxLockWait, flags.maxAttempts, flags.runLockTimeout, flags.terminateOrphan, flags.events, flags.yes, flags.json],
  async run(invocation, context) {
    const { options } = invocation
    const [migration] = invocation.arguments
    const workspace = await openWorkspace({ ...invocation, arguments: [] }, context)
    const connection = await needConnection({ options, config: workspace.config }, context)
    const { openTarget, readSituation } = await import('../../verbs/target.ts')
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    const { abort: takeBack } = await import('../../run/abort.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    const looked = await (async () => {
      await using target = await openTarget(connection)
      printTarget(context, target.session, connection.role)
      const { project, catalog } = await readSituation(target, loaded, workspace.config.project)
      return { engine: target.engine, project, history: loaded.history(catalog.searchPath[0] ?? 'public') }
    })()
    if (!(await confirmed(invocation, context, `Take ${migration ?? 'the migration in flight'} back?`))) return 1
    await using progress = await progressListener(context, options.events)
    const settings = runSettings({ options, config: workspace.config, context, listener: progress.listener })
    const plan = { format: 1, project: looked.project, touched: '', migrations: [] } as const
    const report = await takeBack({
      ...settings,
      engine: looked.engine,
      connect: connection,
      plan,
      migrations: loaded.migrations,
      ...(looked.history === undefined ? {} : { history: looked.history }),
      ...(migration === undefined ? {} : { migration }),
    })
    const text = `${report.migration} is taken back${report.undone.length === 0 ? '' : `; undone: ${report.undone.join(', ')}`}. It is pending again.\n`
    context.stdout.write(options.json === true ? `${JSON.stringify({ format: 1, command: 'abort', ...report }, null, 2)}\n` : text)
    return 0
  },
}
