import type { Command } from '../command.ts'
import { needConnection } from '../connection.ts'
import { flags, targetFlags } from '../options.ts'
import { printTarget } from '../target-line.ts'
import { loadWorkspace, openWorkspace } from '../workspace.ts'

export const status: Command = {
  name: 'status',
  summary: 'what is applied, in flight, failed, skipped or left over',
  description: 'Reads only. With --exit-code it exits with 2 if anything is not complete.',
  arguments: [{ name: '[path]', description: 'the folder of the migrations' }],
  options: [...targetFlags, flags.format, flags.json, flags.exitCode],
  async run(invocation, context) {
    const { options } = invocation
    const workspace = await openWorkspace(invocation, context)
    const connection = await needConnection({ options, config: workspace.config }, context)
    const { openTarget } = await import('../../verbs/target.ts')
    const { readStatus } = await import('../../verbs/status.ts')
    const { throwAwayDatabases } = await import('../../verbs/throw-away.ts')
    await using throwAway = throwAwayDatabases(context.signal)
    const loaded = await loadWorkspace(workspace, context, throwAway)
    await using target = await openTarget(connection)
    printTarget(context, target.session, connection.role)
    const report = await readStatus(target, loaded, workspace.config.project)
    const { statusJson, statusText } = await import('../../report/status.ts')
    context.stdout.write(options.json === true || options.format === 'json' ? statusJson(report) : statusText(context, report))
    const open = report.migrations.some((line) => line.state !== 'complete')
    return options.exitCode === true && open ? 2 : 0
  },
}
